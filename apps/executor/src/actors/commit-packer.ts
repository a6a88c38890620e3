import {
  type DomainEvent,
  type EventMeta,
  type EventToAppend,
  MAX_COMMIT_EVENTS,
  storedTargetsSize,
} from '@sluice/contracts';

/** From here on no further input is taken: what most of them bring would still fit, and one more commit costs an fsync. */
const FULL_EVENTS = MAX_COMMIT_EVENTS - 12;
/** Estimated; the codec has the last word. */
const COMMIT_BYTES = 400 * 1024;

/** Packs decisions into commits: a decision is never split, a commit stays within its bounds (design 4). */
export class CommitPacker<Event extends DomainEvent> {
  readonly commits: EventToAppend<Event>[][] = [];
  private bytes = 0;

  /** One commit is as full as it should be. */
  get full(): boolean {
    return this.commits.length > 1 || (this.commits[0]?.length ?? 0) >= FULL_EVENTS || this.bytes >= COMMIT_BYTES;
  }

  add(events: readonly Event[], meta: EventMeta): void {
    const size = events.reduce((sum, event) => sum + estimate(event), metaSize(meta));
    let current = this.commits.at(-1);
    if (
      current === undefined ||
      current.length + events.length > MAX_COMMIT_EVENTS ||
      this.bytes + size > COMMIT_BYTES
    ) {
      current = [];
      this.commits.push(current);
      this.bytes = 0;
    }
    for (const event of events) current.push({ event, meta });
    this.bytes += size;
  }
}

/** Upper bounds: what nearly all events are costs nothing to know; text is measured, for it may be in any language. */
function estimate(event: DomainEvent): number {
  switch (event.type) {
    case 'StepSucceeded':
      return 120 + (event.source === undefined && event.fellBack === undefined ? 0 : bytesOf(event));
    case 'TargetsAdmitted':
      return 200 + event.targets.length * 7;
    case 'RetryOrdered':
      return 100 + bytesOf(event.reason) + storedTargetsSize(event.redo) + storedTargetsSize(event.probe);
    case 'RollbackRequested':
      return 300 + bytesOf(event.reason) + storedTargetsSize(event.targets) + storedTargetsSize(event.down);
    case 'RolloutFailed':
    case 'RolloutCancelled':
      return 300 + storedTargetsSize(event.notServing);
    default:
      return 50 + bytesOf(event);
  }
}

const bytesOf = (value: unknown): number => (value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value)));

/** Who and why, written once for the events of a decision. Names are short, so a bound will do. */
const metaSize = ({ by, cause, corr }: EventMeta): number => 80 + 6 * (by.id.length + cause.length + corr.length);
