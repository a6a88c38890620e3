export type { ConfigFault, Environment } from './load.js';
export { loadConfig, unknownSettings } from './load.js';
export type { NatsServerProgram, ResolveOptions } from './nats-server.js';
export { resolveNatsServer } from './nats-server.js';
export { readSecret } from './secret.js';
export type { BalancerSetting, CapacitySetting } from './readers.js';
export type { Setting, SluiceConfig } from './settings.js';
export { SETTINGS } from './settings.js';
