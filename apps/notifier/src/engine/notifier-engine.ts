import { ALL_SHARDS, type RecordedCommit } from '@sluice/contracts';
import { isSluiceError, messageOf } from '@sluice/kernel';
import { type Log, silentLog } from '@sluice/messaging';
import { isNotable, type ToldEvent } from '@sluice/notification';

import { Backoff } from './backoff.js';
import { DEFAULT_LIMITS, type NotifierDeps, type NotifierLimits } from './ports.js';
import { Queues } from './queues.js';
import type { RolloutQueue } from './rollout-queue.js';
import { Teller } from './teller.js';

const SAVE_MS = 5_000;
const MAX_BACKOFF_MS = 30_000;
const WRITERS = ['plan', 'exec', 'group', 'gate', 'freeze', 'notice'] as const;

/**
 * Follows the log and tells each event that matters to a person: published and acknowledged first, recorded in the
 * rollout's ledger then. Killed in between, it tells again under the same id, which the stream drops as a duplicate.
 * When nothing can be published its queue fills and it reads no further: the log keeps the rest, and nobody waits.
 */
export class NotifierEngine {
  private readonly limits: NotifierLimits;
  private readonly queues: Queues;
  private readonly teller: Teller;
  private readonly backoff: Backoff;
  private readonly logger: Log;
  private readonly inFlight = new Set<Promise<void>>();
  private roomMade: (() => void) | undefined;
  private seen = 0;
  private saved = 0;
  private nextSave = 0;
  private started = false;
  /** The past was read: what still waits was not told. */
  private telling = false;
  private stopped = false;

  constructor(private readonly deps: NotifierDeps) {
    this.limits = { ...DEFAULT_LIMITS, ...deps.limits };
    this.logger = deps.logger ?? silentLog;
    this.queues = new Queues(this.limits.remembered);
    this.teller = new Teller(deps, this.limits, this.logger);
    this.backoff = new Backoff(deps.clock, () => this.pump());
  }

  /** Events that wait to be told and recorded. */
  get pending(): number {
    return this.queues.pending;
  }

  /** Runs until the signal aborts and what was under way has ended. Throws LOG_MISSING, and nothing that passes. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = (): void => this.roomMade?.();
    signal.addEventListener('abort', wake);
    try {
      for (let failures = 0; !signal.aborted; failures += 1) {
        const before = this.seen;
        await this.follow(signal);
        if (this.seen > before) failures = 0;
        if (!signal.aborted) await this.pause(Math.min(MAX_BACKOFF_MS, 250 * 2 ** Math.min(failures, 10)), signal);
      }
    } finally {
      this.stopped = true;
      signal.removeEventListener('abort', wake);
      this.backoff.stop();
      await Promise.allSettled(this.inFlight);
      await this.savePosition();
    }
  }

  private async follow(signal: AbortSignal): Promise<void> {
    try {
      if (!this.started) this.seen = await this.startPosition();
      this.started = true;
      const options = { shards: ALL_SHARDS, writers: WRITERS, from: this.seen + 1, signal };
      for await (const item of this.deps.log.follow(options)) {
        if (item.kind === 'commit') await this.take(item.commit, signal);
        else this.beginTelling();
        await this.savePositionNowAndThen();
      }
    } catch (error) {
      if (isSluiceError(error, 'LOG_MISSING')) throw error;
      if (isSluiceError(error, 'LOG_REGRESSED')) await this.goBack();
      if (!signal.aborted) this.logger.warn({ reason: messageOf(error) }, 'the log cannot be followed; trying again');
    }
  }

  private async startPosition(): Promise<number> {
    const remembered = (await this.deps.positions?.load()) ?? 0;
    const end = await this.deps.log.position();
    // A log that is shorter than what is remembered lost its tail: the ledger knows what was told of the rest.
    return remembered > end + 1 ? 0 : Math.max(0, remembered - 1);
  }

  /** What the log lost may be in the queues: they are filled anew, and the ledgers say what was told. */
  private async goBack(): Promise<void> {
    this.telling = false;
    await Promise.allSettled(this.inFlight);
    this.queues.clear();
    this.seen = 0;
  }

  private async take(commit: RecordedCommit, signal: AbortSignal): Promise<void> {
    const { stream, head } = commit;
    if (stream.writer === 'notice') this.queues.recorded(commit as RecordedCommit<'notice'>);
    else if (commit.events.some(isNotable)) {
      await this.untilThereIsRoom(signal);
      if (signal.aborted) return;
      this.pumpOne(this.queues.add(stream, notableOf(commit)));
    }
    this.seen = Math.max(this.seen, head.position);
  }

  /** Full before the past was read: begin all the same, the ledgers are read for each rollout before it is told of. */
  private async untilThereIsRoom(signal: AbortSignal): Promise<void> {
    while (this.queues.pending >= this.limits.maxPending && !signal.aborted) {
      this.beginTelling();
      await new Promise<void>((resolve) => (this.roomMade = resolve));
      this.roomMade = undefined;
    }
  }

  private beginTelling(): void {
    this.telling = true;
    this.pump();
  }

  private pump(): void {
    for (const queue of this.queues.waiting()) {
      if (!this.mayStart()) return;
      this.start(queue);
    }
  }

  private pumpOne(queue: RolloutQueue): void {
    if (!queue.busy && this.mayStart()) this.start(queue);
  }

  private mayStart(): boolean {
    return this.telling && !this.stopped && !this.backoff.pausing && this.inFlight.size < this.limits.lanes;
  }

  private start(queue: RolloutQueue): void {
    queue.busy = true;
    const round: Promise<void> = this.round(queue).finally(() => {
      this.inFlight.delete(round);
      this.pump();
    });
    this.inFlight.add(round);
  }

  private async round(queue: RolloutQueue): Promise<void> {
    const failure = await this.teller.tell(queue);
    if (failure === undefined) this.backoff.succeeded();
    // Another notifier beside this one was faster: its ledger is read, and there is nothing to wait for.
    else if (!isSluiceError(failure, 'CONCURRENCY_CONFLICT')) {
      this.logger.warn(
        { stream: queue.source.id, reason: messageOf(failure) },
        'a notification cannot be told; trying again',
      );
      this.backoff.failed();
    }
    queue.busy = false;
    this.queues.done(queue);
    this.roomMade?.();
  }

  private async savePositionNowAndThen(): Promise<void> {
    if (!this.telling || this.deps.clock.now() < this.nextSave) return;
    this.nextSave = this.deps.clock.now() + SAVE_MS;
    await this.savePosition();
  }

  private async savePosition(): Promise<void> {
    const low = this.queues.lowest() ?? this.seen + 1;
    if (this.deps.positions === undefined || !this.telling || low === this.saved) return;
    try {
      await this.deps.positions.save(low);
      this.saved = low;
    } catch (error) {
      this.logger.warn({ reason: messageOf(error) }, 'the position cannot be remembered; a restart reads more');
    }
  }

  private pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.deps.clock.schedule(ms, done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

function notableOf({ id, stream, head, events, meta }: RecordedCommit): ToldEvent[] {
  const out: ToldEvent[] = [];
  events.forEach((event, index) => {
    const said = meta[index];
    if (said === undefined || !isNotable(event)) return;
    out.push({ event, meta: said, stream, commitId: id, index, position: head.position, at: head.at });
  });
  return out;
}
