export type { AppConfig } from './app/app-host.js';
export type { ArtifactLimits } from './artifact/limits.js';
export { DEFAULT_LIMITS } from './artifact/limits.js';
export type { AgentConfig } from './config/agent-config.js';
export { readAgentConfig } from './config/agent-config.js';
export type { AgentDeps } from './start-agent.js';
export { AGENT_VERSION, startAgent } from './start-agent.js';
