export type { Actor, ActorKind } from './actor.js';
export { ANONYMOUS, isNamed, LOCAL, serviceActor } from './actor.js';
export type { CancelTimer, Clock } from './clock.js';
export type { Decider } from './decider.js';
export { DURATION_PATTERN, formatDuration, MAX_DURATION_MS, parseDuration } from './duration.js';
export { invariant, isSluiceError, messageOf, SluiceError, unreachable } from './errors.js';
export { crockford, ulid } from './ids.js';
export { type Moment, MOMENT_PATTERN, parseMoment } from './moment.js';
