export { ExecutorEngine } from './engine.js';
export { type AgentPort, type Answered, type EngineLogger, type ExecutorDeps, silentLogger } from './ports.js';
export { startExecutor, type StartExecutorDeps } from './start-executor.js';
export { PlaceFile } from './regression/place-file.js';
export { LogMemory, type PlaceStore } from './regression/log-memory.js';
export { type SteadyDeps, SteadyEngine } from './regression/steady-engine.js';
