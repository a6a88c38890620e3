export { decideRoster, type RosterInput } from './decide-roster.js';
export { decideVariable, variableActions, type VariableInput, variableOf } from './decide.js';
export { evolveFleet, evolveVariable } from './evolve.js';
export { explain } from './explain.js';
export type { BindingRule, Explanation, ExplainQuery, Given, RolePlace } from './explanation.js';
export { fractionAt, limitOf, wantedOf } from './line.js';
export { isRosterEvent, type PastEvent } from './past.js';
export { nextFlipAt, sideForNewcomer } from './ramp.js';
export { type Counts, countsOf, desiredStateOf, type RoleStatus, statusOf, type VariableStatus } from './read.js';
export { nameOf, type Roster, roleOf } from './roster.js';
export { MAX_SERIES_POINTS, type Series, seriesOf, type SeriesPoint, type SeriesQuery } from './series.js';
export {
  activeAt,
  type Direction,
  type Fleet,
  initialFleet,
  type RampPhase,
  sideOf,
  valueOf,
  type VariableState,
} from './state.js';
