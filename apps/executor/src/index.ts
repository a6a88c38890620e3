export { ExecutorEngine } from './engine.js';
export { type AgentPort, type Answered, type EngineLogger, type ExecutorDeps, silentLogger } from './ports.js';
export { startExecutor, type StartExecutorDeps } from './start-executor.js';
