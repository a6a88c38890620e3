export type { NatsServerOptions, RunningNatsServer } from './nats-server.js';
export { startNatsServer } from './nats-server.js';
