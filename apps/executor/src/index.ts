export type { BalancerPlace, BalancerPort } from './balancer/ports.js';
export type { Called } from './dependency/called.js';
export type { BreakerOptions } from './dependency/breaker.js';
export type { BalancerConfig, CapacityConfig } from './dependency/outside.js';
export { Freezes } from './freezes/freezes.js';
export { Holds } from './holds/holds.js';
export { NatsAgents } from './nats/agents.js';
export { ExecutorEngine } from './engine.js';
export {
  type AgentPort,
  type Answered,
  type EngineLogger,
  type ExecutorDeps,
  type MembersPort,
  silentLogger,
} from './ports.js';
export { startExecutor, type StartExecutorDeps } from './start-executor.js';
export { PlaceFile } from './regression/place-file.js';
export { LogMemory, type PlaceStore } from './regression/log-memory.js';
export { type SteadyDeps, SteadyEngine } from './regression/steady-engine.js';
export type {
  Published,
  SidePlace,
  SidesPort,
  TrafficPorts,
  WantedCapacity,
  WeightsPlace,
  WeightsPort,
} from './traffic/ports.js';
export { PublishedWeights, type StoredWeights, type WeightPublisher, type WeightStore } from './traffic/weights.js';
export { FleetRamps } from './ramps/fleet-ramps.js';
export type { RampAnswer, RampCommand, RampOrder, RampPort, VariableSight } from './ramps/ports.js';
export { Fleets, type FleetsDeps } from './variables/fleets.js';
