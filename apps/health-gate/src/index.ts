export { HealthGateEngine } from './engine/health-gate-engine.js';
export type { HealthGateDeps, PositionStore } from './engine/ports.js';
export type { FleetFacts } from './facts/fleet-facts.js';
export { HelloTable, type HelloTableOptions } from './facts/hello-table.js';
export type { MeasurementPort } from './providers/port.js';
export { startHealthGate, type StartHealthGateDeps } from './start.js';
