import { Lru } from '../read-model/lru.js';

export interface RateLimits {
  /** Calls a second that go on for ever. */
  readonly perSecond: number;
  /** Calls that may come at once after a pause. */
  readonly burst: number;
}

/** Callers that are told apart; the ones that were longest silent are forgotten first. */
const MAX_CALLERS = 10_000;

/** A bucket of calls for each caller, filled by time. Memory does not grow with callers beyond a bound. */
export class RateLimit {
  private readonly callers = new Lru<{ left: number; at: number }>(MAX_CALLERS);

  constructor(
    private readonly limits: RateLimits,
    private readonly now: () => number,
  ) {}

  /** 0: go on. Otherwise seconds, rounded up, after which one more call will be let in. */
  take(caller: string): number {
    const { perSecond, burst } = this.limits;
    const now = this.now();
    const known = this.callers.get(caller) ?? this.begun(caller, now);
    // A clock that was set back fills nothing, and takes nothing away.
    const left = Math.min(burst, known.left + (Math.max(0, now - known.at) * perSecond) / 1_000);
    const isIn = left >= 1;
    known.left = isIn ? left - 1 : left;
    known.at = now;
    return isIn ? 0 : Math.max(1, Math.ceil((1 - left) / perSecond));
  }

  private begun(caller: string, at: number): { left: number; at: number } {
    const fresh = { left: this.limits.burst, at };
    this.callers.set(caller, fresh);
    return fresh;
  }

  get size(): number {
    return this.callers.size;
  }
}
