export { NotifierEngine } from './engine/notifier-engine.js';
export {
  DEFAULT_LIMITS,
  type NoticePublisher,
  type NotifierDeps,
  type NotifierLimits,
  type PositionStore,
} from './engine/ports.js';
export { startNotifier, type StartNotifierDeps } from './start.js';
