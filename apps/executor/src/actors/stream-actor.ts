import {
  EMPTY_HEAD,
  type DomainEvent,
  type EventMeta,
  type EventToAppend,
  type RecordedCommit,
  type StreamHead,
  type StreamName,
} from '@sluice/contracts';
import type { CommitDraft } from '@sluice/event-log';
import { isSluiceError, messageOf, SluiceError } from '@sluice/kernel';

import type { ActorDeps, ActorHooks, ActorParts, Batch, Behaviour, Outcome, Waiting } from './actor-parts.js';
import { CommitPacker } from './commit-packer.js';

/** Inputs that may wait at one aggregate; more are refused with BUSY. */
const MAX_WAITING = 100_000;
const MAX_COURSE_STEPS = 10_000;
const MAX_CONFLICTS = 8;
const MAX_RETRY_MS = 5_000;
/** How the causes of commands begin. */
const COMMAND = 'command:';

/**
 * One aggregate and its stream: inputs gather while an append is in flight and are then decided in turn and committed
 * together (group commit, design 5). The state runs ahead of the log only inside one turn: nobody is answered and no
 * effect leaves before the commit is durable, and a conflict throws the state away and reads it again.
 */
export class StreamActor<State, Input, Event extends DomainEvent> {
  private head: StreamHead = EMPTY_HEAD;
  private queue: Waiting<Input, Event>[] = [];
  private running = false;
  private stopped = false;
  /** Who waits for what is under way to end. */
  private onRest: (() => void)[] = [];
  /** The time that the state was last decided on, ms since the epoch; 0 when another's commit or a read has moved it since. */
  decidedAt = 0;
  /** How often the state was moved by what another one wrote, or read anew. */
  readings = 0;
  private stale = false;
  private ahead = false;
  private behind = false;
  private readonly inFlight = new Set<string>();
  /** Commands that were decided in this turn. */
  private readonly decided = new Set<string>();

  state: State;
  private readonly behaviour: Behaviour<State, Input, Event>;
  private readonly deps: ActorDeps;
  private readonly hooks: ActorHooks<State, Event>;

  constructor(
    readonly stream: StreamName,
    { state, behaviour, deps, hooks }: ActorParts<State, Input, Event>,
  ) {
    this.state = state;
    this.behaviour = behaviour;
    this.deps = deps;
    this.hooks = hooks;
  }

  get rev(): number {
    return this.head.rev;
  }

  /** True when the log holds what the state does not: the next turn reads it. */
  get isStale(): boolean {
    return this.stale;
  }

  /** True while the state holds what was decided and is not durable: nobody else may act on it. */
  get isAhead(): boolean {
    return this.ahead;
  }

  /** True while a turn is under way. */
  get isBusy(): boolean {
    return this.running;
  }

  stop(): void {
    this.stopped = true;
    const waiting = this.queue;
    this.queue = [];
    for (const item of waiting) item.reject(stopping());
  }

  /** Resolves when no turn is under way: what it was to commit has been committed, or was refused. */
  atRest(): Promise<void> {
    return this.running ? new Promise((resolve) => this.onRest.push(resolve)) : Promise.resolve();
  }

  /** The log is known to hold more than the state does. */
  doubt(): void {
    this.stale = true;
  }

  /** Reads what the log holds and the state does not, in a turn of its own: the next input may be long in coming. */
  catchUp(): void {
    if (this.stopped || !this.stale) return;
    this.behind = true;
    this.begin();
  }

  /** Decides the input in its turn. Rejects with the decision's refusal, BUSY, or STOPPING. */
  submit(input: Input, meta: EventMeta, expectedRev?: number): Promise<Outcome<Event>> {
    if (this.stopped) return Promise.reject(stopping());
    if (this.queue.length >= MAX_WAITING)
      return Promise.reject(
        new SluiceError('BUSY', `${MAX_WAITING} inputs wait at ${this.stream.id}: say it again later`),
      );
    return new Promise((resolve, reject) => {
      this.queue.push({ input, meta, expectedRev, resolve, reject });
      this.begin();
    });
  }

  private begin(): void {
    if (this.running) return;
    this.running = true;
    // A turn later, so that what arrives together is committed together.
    queueMicrotask(() => void this.run());
  }

  /** A commit of this stream as the log shows it: news when it is not our own. True when the state changed. */
  observe(commit: RecordedCommit): boolean {
    if (commit.head.rev <= this.head.rev || this.inFlight.has(commit.id)) return false;
    // What stands before a checkpoint may have been archived, or be there in part: it tells all that was said.
    const isWhole = commit.events.some(({ type }) => type === 'GroupCheckpointed');
    const follows = !this.stale && commit.head.rev === this.head.rev + 1;
    if (this.running || !(follows || isWhole)) {
      this.stale = true;
      return false;
    }
    for (const event of commit.events) this.state = this.behaviour.evolve(this.state, event as Event, commit.head.at);
    this.stale = false;
    this.ahead = false;
    this.head = commit.head;
    this.decidedAt = 0;
    this.readings += 1;
    return true;
  }

  /** Reads the aggregate from the log, unless it was read or written meanwhile. */
  async load(): Promise<void> {
    const read = await this.hooks.reload();
    if (this.running || this.head.rev > 0) return;
    this.state = read.state;
    this.head = read.head;
    this.decidedAt = 0;
  }

  private async run(): Promise<void> {
    while ((this.queue.length > 0 || this.behind) && !this.stopped) {
      const turn = this.queue;
      this.queue = [];
      this.behind = false;
      if (turn.length > 0) await this.turn(turn);
      else await this.readTail();
    }
    this.running = false;
    for (const resolve of this.onRest.splice(0)) resolve();
  }

  /** A turn without inputs. */
  private async readTail(): Promise<void> {
    try {
      if (this.stale) await this.reload();
    } catch (error) {
      const facts = { stream: this.stream.id, reason: messageOf(error) };
      if (!this.stopped)
        this.deps.logger.warn(facts, 'what another one wrote could not be read; the next turn reads it');
    }
  }

  /** Decides and commits; on a conflict reads the tail and decides again what is not durable yet. */
  private async turn(items: readonly Waiting<Input, Event>[]): Promise<void> {
    let left = items;
    for (let conflicts = 0; left.length > 0 && !this.stopped;) {
      try {
        if (this.stale) await this.reload();
        left = await this.commit(left);
        conflicts = 0;
      } catch (error) {
        this.stale = true;
        conflicts += 1;
        if (!isSluiceError(error, 'CONCURRENCY_CONFLICT') || conflicts > MAX_CONFLICTS) return this.refuse(left, error);
      }
    }
    if (this.stopped) for (const item of left) item.reject(stopping());
  }

  private refuse(items: readonly Waiting<Input, Event>[], error: unknown): void {
    const facts = { stream: this.stream.id, reason: messageOf(error) };
    this.deps.logger.error(facts, 'a turn failed; its inputs are refused and the state is read again');
    for (const item of items) item.reject(error);
  }

  /** Waits for a log that cannot be reached: a turn that gave up would lose its inputs, timers among them. */
  private async reload(): Promise<void> {
    for (let delay = 100; !(await this.tryReload(delay)); delay = Math.min(delay * 2, MAX_RETRY_MS));
    this.hooks.renewed();
  }

  private async tryReload(retryMs: number): Promise<boolean> {
    try {
      const { state, head } = await this.hooks.reload();
      this.state = state;
      this.head = head;
      this.decidedAt = 0;
      this.readings += 1;
      this.stale = false;
      this.ahead = false;
      return true;
    } catch (error) {
      await this.waitForLog(error, retryMs);
      return false;
    }
  }

  /** Throws what is no outage of the log, or when there is no time to wait for its end. */
  private async waitForLog(error: unknown, retryMs: number): Promise<void> {
    if (!isSluiceError(error, 'LOG_UNAVAILABLE') || this.stopped) throw error;
    this.deps.logger.warn({ stream: this.stream.id, retryMs }, 'the log cannot be reached; it is tried again');
    await new Promise<void>((resolve) => this.deps.clock.schedule(retryMs, resolve));
  }

  /** Takes as many inputs as fit a turn, and returns the rest. */
  private async commit(items: readonly Waiting<Input, Event>[]): Promise<readonly Waiting<Input, Event>[]> {
    const at = Math.max(this.deps.clock.now(), this.head.at);
    this.decidedAt = at;
    const { batch, taken } = this.decideAll(items, at);
    this.ahead = batch.commits.length > 0;
    let answered = 0;
    const answerUpTo = (commits: number): void => {
      for (; (batch.answers[answered]?.after ?? Infinity) <= commits; answered += 1)
        this.answer(batch.answers[answered]);
    };
    try {
      answerUpTo(0);
      for (const [index, events] of batch.commits.entries()) {
        await this.append(events, at);
        this.ahead = index < batch.commits.length - 1;
        this.hooks.committed(events, !this.ahead);
        answerUpTo(index + 1);
      }
    } catch (error) {
      // What was answered is durable. The rest is decided again, on the state that the log has.
      if (isSluiceError(error, 'CONCURRENCY_CONFLICT') && answered > 0) {
        this.stale = true;
        return items.slice(answered);
      }
      throw error;
    }
    return items.slice(taken);
  }

  private answer(answer: Batch<Input, Event>['answers'][number] | undefined): void {
    if (answer === undefined) return;
    if (answer.refusal === undefined) answer.waiting.resolve({ events: answer.events, rev: this.head.rev });
    else answer.waiting.reject(answer.refusal);
  }

  private decideAll(
    items: readonly Waiting<Input, Event>[],
    at: number,
  ): { readonly batch: Batch<Input, Event>; readonly taken: number } {
    const packer = new CommitPacker<Event>();
    const batch: Batch<Input, Event> = { commits: packer.commits, answers: [] };
    let taken = 0;
    this.decided.clear();
    for (const waiting of items) {
      // One commit a turn is the rule; only a large decision spreads over more.
      if (packer.full) break;
      taken += 1;
      try {
        if (!this.isRepeated(waiting)) this.assertRev(waiting, packer.commits.length);
        const events = this.decideOne(waiting, at, packer);
        batch.answers.push({ waiting, events, after: packer.commits.length });
      } catch (refusal) {
        batch.answers.push({ waiting, events: [], after: packer.commits.length, refusal });
      }
    }
    return { batch, taken };
  }

  /** A command that is said again, to this owner or to another, has one effect (design 9). */
  private isRepeated({ meta: { cause } }: Waiting<Input, Event>): boolean {
    return cause.startsWith(COMMAND) && (this.decided.has(cause) || this.hooks.knows(cause));
  }

  private assertRev(waiting: Waiting<Input, Event>, ahead: number): void {
    const rev = this.head.rev + ahead;
    if (waiting.expectedRev !== undefined && waiting.expectedRev !== rev) {
      throw new SluiceError(
        'VERSION_CONFLICT',
        `the aggregate is at revision ${rev}, not ${waiting.expectedRev}: read it again`,
        { rev },
      );
    }
  }

  /** The input's own events, then what follows by itself until it is quiet. */
  private decideOne(waiting: Waiting<Input, Event>, at: number, packer: CommitPacker<Event>): readonly Event[] {
    const { decide, course, courseMeta } = this.behaviour;
    const own = this.isRepeated(waiting) ? [] : decide(this.state, waiting.input, at);
    this.take(own, waiting.meta, at, packer);
    if (own.length > 0 && waiting.meta.cause.startsWith(COMMAND)) this.decided.add(waiting.meta.cause);
    if (course === undefined) return own;
    const all = [...own];
    for (let steps = 0; steps < MAX_COURSE_STEPS; steps += 1) {
      const next = decide(this.state, course, at);
      if (next.length === 0) return all;
      this.take(
        next,
        courseMeta === undefined || next[0] === undefined ? waiting.meta : courseMeta(next[0], waiting.meta),
        at,
        packer,
      );
      all.push(...next);
    }
    throw new SluiceError('INVARIANT_BROKEN', `${this.stream.id} does not come to rest`);
  }

  private take(events: readonly Event[], meta: EventMeta, at: number, packer: CommitPacker<Event>): void {
    if (events.length === 0) return;
    for (const event of events) this.state = this.behaviour.evolve(this.state, event, at);
    packer.add(events, meta);
  }

  /** Appends until it is known to have landed: with the same id, so that it lands once. */
  private async append(events: readonly EventToAppend<Event>[], at: number): Promise<void> {
    const id = this.deps.newId();
    this.inFlight.add(id);
    try {
      for (
        let delay = 100;
        !(await this.tryAppend({ id, at, events }, delay));
        delay = Math.min(delay * 2, MAX_RETRY_MS)
      );
    } finally {
      this.inFlight.delete(id);
    }
  }

  /** False when the log could not be reached and it is time to try again. */
  private async tryAppend(draft: CommitDraft, retryMs: number): Promise<boolean> {
    try {
      this.head = await this.deps.log.append(this.stream, this.head, draft);
      return true;
    } catch (error) {
      await this.waitForLog(error, retryMs);
      return false;
    }
  }
}

const stopping = (): SluiceError =>
  new SluiceError('STOPPING', 'this executor is stopping: say it again, another one takes over');
