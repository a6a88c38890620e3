/** A member that nobody has defined: only its heartbeats tell of it. */
export interface HeardMember {
  readonly group: string;
  readonly host: string;
  readonly bytes: number;
  readonly seen: number;
}

export interface HeardLimits {
  /** All of them together. */
  readonly maxBytes: number;
  /** One that is silent for so long may be forgotten for another, in ms. */
  readonly forgetMs: number;
}

/** About 130,000 members of a usual size. */
const LIMITS: HeardLimits = { maxBytes: 128 * 1024 * 1024, forgetMs: 10 * 60_000 };

/**
 * The room for members that only heartbeats tell of. Anybody who may say a heartbeat may make up hosts without end: they
 * take so much memory and no more, here and wherever the inventory is read.
 */
export class HeardMembers {
  /** In the order of their last heartbeats: the stalest stands in front. */
  readonly #members = new Map<string, HeardMember>();
  #bytes = 0;

  constructor(private readonly limits: HeardLimits = LIMITS) {}

  get size(): number {
    return this.#members.size;
  }

  /** Takes it in, or in its new size; `onForget` is told whom it took the place of. False: there is no room. */
  take(key: string, member: HeardMember, onForget: (stale: HeardMember) => void): boolean {
    const known = this.#members.get(key);
    const more = member.bytes - (known?.bytes ?? 0);
    while (this.#bytes + more > this.limits.maxBytes) {
      const [first] = this.#members;
      if (first === undefined || first[0] === key || member.seen - first[1].seen < this.limits.forgetMs) return false;
      this.forget(first[0]);
      onForget(first[1]);
    }
    this.keep(key, member);
    return true;
  }

  /** Gives up those that were last seen before that. */
  expire(before: number, onForget: (stale: HeardMember) => void): void {
    for (const [key, member] of this.#members) {
      // Who was adopted stands behind others that were seen later, until those speak again.
      if (member.seen >= before) return;
      this.forget(key);
      onForget(member);
    }
  }

  /** Takes it in even without room: another planner has. */
  keep(key: string, member: HeardMember): void {
    this.forget(key);
    this.#members.set(key, member);
    this.#bytes += member.bytes;
  }

  forget(key: string): void {
    this.#bytes -= this.#members.get(key)?.bytes ?? 0;
    this.#members.delete(key);
  }
}
