export { systemClock } from './clock.js';
export { createUlidMaker, newUlid } from './ids.js';
export type { LogDestination, Logger, LogLevel } from './logger.js';
export { createLogger } from './logger.js';
