/** What a token may be allowed. `viewer` reads; the others read too. */
export const ROLES = ['viewer', 'operator', 'approver', 'admin'] as const;

export type Role = (typeof ROLES)[number];

/**
 * What an operation is about, which a role may be limited to. `some`: it answers with what the role reaches, or checks the
 * group once it has read the body. `all`: only a role that is not limited to groups will do.
 */
export type Scope = 'rollout' | 'group' | 'some' | 'all';

export interface Permission {
  readonly roles: readonly Role[];
  readonly scope: Scope;
}

const permission = (scope: Scope, ...roles: readonly Role[]): Permission => ({ scope, roles });

const read = (scope: Scope): Permission => permission(scope, ...ROLES);
const operate = (scope: Scope): Permission => permission(scope, 'operator', 'admin');
/** Decisions that somebody answers for: what the plan did not allow by itself. */
const decide = (scope: Scope): Permission => permission(scope, 'approver', 'admin');
const administer = (scope: Scope): Permission => permission(scope, 'admin');

/** Who may do what (MOM-05), by operationId of the OpenAPI document. What is not here is refused to everybody. */
export const PERMISSIONS: Readonly<Record<string, Permission>> = {
  createRequest: operate('some'),
  createPreview: read('some'),
  listRollouts: read('some'),
  getRollout: read('rollout'),
  listTargets: read('rollout'),
  listEvents: read('rollout'),
  getReport: read('rollout'),
  getRecord: read('rollout'),
  diffRollout: read('rollout'),
  listVerdicts: read('rollout'),
  listDecisions: read('rollout'),
  getStepOutput: read('rollout'),
  approveRollout: decide('rollout'),
  rejectRollout: decide('rollout'),
  overrideRollout: decide('rollout'),
  waiveRollout: decide('rollout'),
  pauseRollout: operate('rollout'),
  resumeRollout: operate('rollout'),
  cancelRollout: operate('rollout'),
  rollbackRollout: operate('rollout'),
  retryRollout: operate('rollout'),
  skipRollout: operate('rollout'),
  proceedRollout: operate('rollout'),
  modeRollout: operate('rollout'),
  intervalRollout: operate('rollout'),
  closeRollout: operate('rollout'),
  weightRollout: operate('rollout'),
  hotfixRollout: decide('rollout'),
  labelRollout: operate('rollout'),
  listGroups: read('some'),
  getGroup: read('group'),
  listGroupEvents: read('group'),
  getGroupVersions: read('group'),
  diffGroup: read('group'),
  listCandidates: read('group'),
  getWeights: read('group'),
  listWeightMoves: read('group'),
  getGateScoreboard: read('some'),
  getAppVersions: read('some'),
  redeployGroup: operate('group'),
  excludeGroup: operate('group'),
  includeGroup: operate('group'),
  blockGroup: operate('group'),
  unblockGroup: decide('group'),
  replaceInventoryGroup: administer('group'),
  mergeInventoryGroup: administer('group'),
  listTemplates: read('some'),
  getTemplate: read('some'),
  putTemplate: administer('all'),
  removeTemplate: administer('all'),
  getDesiredState: read('some'),
  listVariables: read('some'),
  getVariable: read('some'),
  getVariableSeries: read('some'),
  diffVariable: read('some'),
  explainVariable: read('some'),
  defineVariable: operate('all'),
  rampVariable: operate('all'),
  pauseVariable: operate('all'),
  resumeVariable: operate('all'),
  stopVariable: operate('all'),
  reverseVariable: operate('all'),
  revertVariable: operate('all'),
  finishVariable: operate('all'),
  pinVariable: operate('all'),
  unpinVariable: operate('all'),
  getFleet: read('some'),
  diffFleet: read('some'),
  listDependencies: read('some'),
  forceDependency: operate('all'),
  releaseDependency: operate('all'),
  listFreezes: read('some'),
  declareFreeze: operate('all'),
  liftFreeze: operate('all'),
  listHolds: read('some'),
  placeHold: administer('all'),
  liftHold: administer('all'),
  createToken: administer('all'),
  listTokens: administer('all'),
  revokeToken: administer('all'),
  getMe: read('some'),
};

/** What applications ask for all the time, each of their instances: counted by itself, and much more of it is let in. */
export const POLLED: ReadonlySet<string> = new Set(['getWeights', 'getDesiredState']);

/** Open to anybody who reaches the port: they tell nothing about what is deployed. */
export const PUBLIC: ReadonlySet<string> = new Set(['getLiveness', 'getReadiness', 'getDeployRequestSchema']);
