export { ExecutorEngine } from './engine.js';
export { type AgentPort, type Answered, type EngineLogger, type ExecutorDeps, silentLogger } from './ports.js';
