export { Api } from './world/api.js';
export { Artifacts, REPOSITORY } from './world/artifacts.js';
export { freePorts, pause, Processes, type Running, until } from './world/processes.js';
export type { EventRow, RolloutSummary } from './world/views.js';
