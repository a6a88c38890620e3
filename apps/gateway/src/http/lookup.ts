import type { VariableState } from '@sluice/variable';

import { type ProblemError, refuse } from '../problems/problem.js';
import type { FleetView } from '../variables/fleet-view.js';
import type { Fleets } from '../variables/fleets.js';

export const noRollout = (id: string): ProblemError =>
  refuse('NOT_FOUND', `there is no rollout ${id.slice(0, 60)}: GET /v1/rollouts lists those that there are`);

export const noTemplate = (name: string): ProblemError =>
  refuse('NOT_FOUND', `there is no template ${name.slice(0, 60)}: GET /v1/templates lists those that there are`);

export const noGroup = (name: string): ProblemError =>
  refuse('NOT_FOUND', `there is no group ${name.slice(0, 60)}: GET /v1/groups lists those that there are`);

export const noVariable = (fleet: string, name: string): ProblemError =>
  refuse(
    'NOT_FOUND',
    `there is no variable ${name.slice(0, 60)} in fleet ${fleet.slice(0, 60)}: GET /v1/variables lists those that there are`,
  );

/** Code NOT_FOUND. */
export function foundIn(
  fleets: Fleets,
  fleet: string,
  name: string,
): { readonly view: FleetView; readonly variable: VariableState } {
  const view = fleets.find(fleet);
  const variable = view?.state.variables.get(name);
  if (view === undefined || variable === undefined) throw noVariable(fleet, name);
  return { view, variable };
}
