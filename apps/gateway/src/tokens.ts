/** What the controllers are given. */
export const ROLLOUTS = Symbol('RolloutIndex');
export const HISTORY = Symbol('HISTORY');
export const GROUPS = Symbol('GroupCatalog');
export const STREAMS_OF_ROLLOUTS = Symbol('RolloutStreams');
export const COMMANDS = Symbol('CommandClient');
export const REQUESTS = Symbol('RequestPublisher');
export const REPORTS = Symbol('Reports');
export const READINESS = Symbol('Readiness');
export const COMMANDER = Symbol('Commander');
export const OUTPUTS = Symbol('Outputs');
export const TEMPLATES = Symbol('Templates');
export const DEPENDENCIES = Symbol('DependencyIndex');
export const FREEZES = Symbol('FreezeIndex');
export const CLOCK = Symbol('Clock');
export const TOKENS = Symbol('Tokens');
