import type { Clock } from '@sluice/kernel';

const MINUTE_MS = 60_000;
/** Names that are counted; the one that began its minute longest ago is forgotten. */
const MAX_NAMES = 10_000;

/** Counts by name, so many a minute each. */
export class PerMinute {
  /** In the order in which their minutes began. */
  private readonly counts = new Map<string, { readonly since: number; count: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly most: number,
  ) {}

  /** False when it was so often within a minute already. */
  take(name: string): boolean {
    const now = this.clock.now();
    const known = this.counts.get(name);
    if (known !== undefined && now - known.since < MINUTE_MS) {
      if (known.count >= this.most) return false;
      known.count += 1;
      return true;
    }
    this.counts.delete(name);
    this.counts.set(name, { since: now, count: 1 });
    const [oldest = ''] = this.counts.keys();
    if (this.counts.size > MAX_NAMES) this.counts.delete(oldest);
    return true;
  }
}
