export type { HttpCmdbOptions } from './cmdb/http-cmdb.js';
export type { CmdbAnswer, CmdbSource } from './cmdb/port.js';
export type { CmdbSyncDeps } from './cmdb/sync.js';
export { CmdbSync } from './cmdb/sync.js';
export { LogGroupFacts } from './engine/group-facts.js';
export type { Previewed } from './engine/planner-engine.js';
export { PlannerEngine } from './engine/planner-engine.js';
export type {
  DependenciesPort,
  GroupFacts,
  GroupFactsPort,
  GroupSync,
  InventoryPort,
  PastVersion,
  PlannerDeps,
  Synced,
} from './engine/ports.js';
export type { RollbackListener, RollbackOutcome } from './engine/rollbacks.js';
export { RollbackPlanner } from './engine/rollbacks.js';
export type { DefinedMember, Definition, ReadDefinitions } from './inventory/definition.js';
export { readGroup, readInventory } from './inventory/definition.js';
export { GroupMembers } from './inventory/group-members.js';
export type { Defined, InventoryChange } from './inventory/store.js';
export { InventoryStore } from './inventory/store.js';
export { followRollbacks } from './service/rollback-service.js';
export type { StartPlannerDeps } from './service/start-planner.js';
export { startPlanner } from './service/start-planner.js';
