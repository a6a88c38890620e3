export { Api } from './world/api.js';
export { Artifacts, REPOSITORY } from './world/artifacts.js';
export { freePorts, pause, Processes, type Running, until } from './world/processes.js';
export type { EventRow, RolloutSummary } from './world/views.js';
export {
  type Service,
  SERVICES,
  shopApp,
  shopEntry,
  shopEnv,
  shopGroup,
  shopHost,
  ShopParts,
  type ShopPorts,
  type Side,
  SIDES,
} from './world/shop.js';
export { balancerDoor, ShopClient } from './world/shop-client.js';
export { ERRORS } from './world/shop-gates.js';
