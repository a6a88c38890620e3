import {
  type DomainEvent,
  type EventMeta,
  type EventToAppend,
  MAX_COMMIT_EVENTS,
  storedTargetsSize,
} from '@sluice/contracts';

/** Room is left for the last decision of a commit. */
const COMMIT_EVENTS = MAX_COMMIT_EVENTS - 112;
/** Estimated; the codec has the last word. */
const COMMIT_BYTES = 400 * 1024;

/** Packs decisions into commits: a decision is never split, a commit stays within its bounds (design 4). */
export class CommitPacker<Event extends DomainEvent> {
  readonly commits: EventToAppend<Event>[][] = [];
  private bytes = 0;

  /** One commit is as full as it should be. */
  get full(): boolean {
    return this.commits.length > 1 || (this.commits[0]?.length ?? 0) >= COMMIT_EVENTS || this.bytes >= COMMIT_BYTES;
  }

  add(events: readonly Event[], meta: EventMeta): void {
    const size = events.reduce((sum, event) => sum + estimate(event), 0);
    let current = this.commits.at(-1);
    if (current === undefined || current.length + events.length > COMMIT_EVENTS || this.bytes + size > COMMIT_BYTES) {
      current = [];
      this.commits.push(current);
      this.bytes = 0;
    }
    for (const event of events) current.push({ event, meta });
    this.bytes += size;
  }
}

/** Upper bound by kind: only lists of targets and messages vary. */
function estimate(event: DomainEvent): number {
  if (event.type === 'StepSucceeded') return 120;
  if (event.type === 'StepFailed') return 300 + event.message.length * 2;
  if (event.type === 'TargetsAdmitted') return 200 + event.targets.length * 7;
  if (event.type === 'RetryOrdered') return 1_500 + storedTargetsSize(event.redo) + storedTargetsSize(event.probe);
  if (event.type === 'RollbackRequested')
    return 1_500 + storedTargetsSize(event.targets) + storedTargetsSize(event.down);
  if (event.type === 'RolloutFailed' || event.type === 'RolloutCancelled')
    return 1_500 + storedTargetsSize(event.notServing);
  return 1_500;
}
