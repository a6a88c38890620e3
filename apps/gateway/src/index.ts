export type { Done } from './commands/commander.js';
export type { Page } from './http/cursor.js';
export type { NewTokenView, TokenWish } from './access/tokens.js';
export { newToken } from './access/tokens.js';
export type { TokenView } from './access/token.js';
export { viewOf } from './access/token.js';
export { TokenStore } from './access/token-store.js';
export type { AppVersionsPage } from './http/apps.controller.js';
export type { GroupPage } from './http/groups.controller.js';
export type { At, DifferencePage } from './http/moment-inputs.js';
export type { FleetPage } from './http/fleet.controller.js';
export type { AtMoment } from './past/cut.js';
export type { Change } from './past/diff.js';
export type { FleetGroup, GroupMemberThen, GroupPageThen } from './past/group-view.js';
export type { VariableDetailThen } from './past/variable-view.js';
export type { StepOutput } from './outputs/outputs.js';
export type { Problem } from './problems/problem.js';
export { type CommitView, commitView, type EventView } from './read-model/commit-view.js';
export type { Candidate, GroupMember, GroupSummary } from './read-model/group-catalog.js';
export type { RolloutReport, StageReport } from './read-model/report.js';
export type { DependencyView } from './read-model/dependency-index.js';
export type { FreezeView } from './read-model/freeze-index.js';
export type { LabelView } from './read-model/label-index.js';
export type { HoldView } from './read-model/holds.js';
export type { StoredTemplate } from './read-model/inventory-view.js';
export type { SidesView } from './read-model/sides.js';
export type { VerdictView } from './read-model/verdicts.js';
export type { WeightMove } from './read-model/weight-history.js';
export type {
  VariableDetail,
  VariableExplanation,
  VariableSeries,
  VariableSummary,
} from './variables/variables-view.js';
export { RolloutIndex } from './read-model/rollout-index.js';
export type { GroupSkew, GroupVersions, VersionRow } from './read-model/versions.js';
export type { RolloutDetail, TargetRow } from './read-model/rollout-views.js';
export { type GatewayDeps, type GatewayLimits, type RunningGateway, startGateway } from './start.js';
