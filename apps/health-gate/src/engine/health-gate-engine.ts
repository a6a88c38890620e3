import {
  ALL_SHARDS,
  type EventMeta,
  type EventToAppend,
  type FleetEvent,
  type GateJudged,
  hashOf,
  type RecordedCommit,
} from '@sluice/contracts';
import { DEFAULT_POLICY, type GatePolicy, judged } from '@sluice/gating';
import { type CancelTimer, isSluiceError, messageOf, serviceActor } from '@sluice/kernel';
import { type Log, silentLog } from '@sluice/messaging';

import { inputsOf } from '../watch/inputs-of.js';
import { isOf, loadWatch, streamOf } from '../watch/load.js';
import { endsRollout, type OpenRequest, type RolloutWatch } from '../watch/rollout-watch.js';
import { DEFAULT_SILENT_AFTER_MS, FleetRound } from './fleet-round.js';
import { Bookmark } from './bookmark.js';
import { HostIndex } from './host-index.js';
import { MeasuredGates } from './measured-gates.js';
import type { HealthGateDeps } from './ports.js';
import { Watches } from './watches.js';
import { Gatherer, Lanes, pause } from './work.js';

const BY = serviceActor('health-gate');
const TICK_MS = 1_000;
const GATHER_MS = 50;
const MAX_LOADS = 8;
const MAX_BACKOFF_MS = 30_000;

/**
 * Follows the rollouts, and answers each GatesRequested on the rollout's `gate` stream: with a final verdict once, and
 * with one that holds only when it is another than the last. What was answered is read from the log and never from
 * memory, so a restart or a second gate beside this one answers nothing twice.
 */
export class HealthGateEngine {
  private readonly watches = new Watches();
  private readonly hosts: HostIndex;
  private readonly policy: GatePolicy;
  private readonly policyHash: string;
  private readonly logger: Log;
  private readonly loads = new Lanes(MAX_LOADS);
  private readonly dirty: Gatherer<RolloutWatch>;
  private readonly round: FleetRound;
  private readonly measured: MeasuredGates;
  private readonly bookmark: Bookmark;
  private readonly inFlight = new Set<Promise<void>>();
  private tick: CancelTimer | undefined;
  private seen = 0;
  private live = false;
  private started = false;
  private stopped = false;

  constructor(private readonly deps: HealthGateDeps) {
    this.hosts = new HostIndex(deps.facts);
    this.policy = deps.policy ?? DEFAULT_POLICY;
    this.policyHash = hashOf(this.policy);
    this.logger = deps.logger ?? silentLog;
    this.dirty = new Gatherer(deps.clock, GATHER_MS, (watch) => this.judge(watch));
    this.bookmark = new Bookmark({ clock: deps.clock, logger: this.logger, positions: deps.positions });
    this.measured = new MeasuredGates({
      clock: deps.clock,
      facts: deps.facts,
      measurements: deps.measurements,
      isPerHost: deps.isPerHost,
      freshMs: this.policy.ready.freshMs,
      seen: deps.measured,
      write: (watch) => this.judge(watch),
      spend: (work) => this.spend(work),
      failed: (watch, { spec }, error) =>
        this.logger.error(
          { rollout: watch.id, gate: spec.name, reason: messageOf(error) },
          'a gate cannot be judged; trying again',
        ),
    });
    this.round = new FleetRound({
      clock: deps.clock,
      facts: deps.facts,
      silentAfterMs: deps.silentAfterMs ?? DEFAULT_SILENT_AFTER_MS,
      watches: () => (this.live ? this.watches.all() : []),
      write: (watch, events) => this.spend(this.tell(watch, events)),
    });
  }

  /** Rollouts in memory. */
  get watched(): number {
    return this.watches.size;
  }

  /** Runs until the signal aborts and what was under way has ended. Throws LOG_MISSING, and nothing that passes. */
  async run(signal: AbortSignal): Promise<void> {
    const unlisten = this.deps.facts.listen((host) => {
      this.round.hear();
      for (const watch of this.hosts.hear(host)) this.dirty.add(watch);
    });
    try {
      for (let failures = 0; !signal.aborted; failures += 1) {
        const before = this.seen;
        await this.follow(signal);
        if (this.seen > before) failures = 0;
        if (!signal.aborted)
          await pause(this.deps.clock, Math.min(MAX_BACKOFF_MS, 250 * 2 ** Math.min(failures, 10)), signal);
      }
    } finally {
      this.stopped = true;
      this.measured.stop();
      unlisten();
      this.tick?.();
      this.round.stop();
      this.dirty.stop();
      await Promise.allSettled(this.inFlight);
      if (this.live) await this.bookmark.save(this.lowWater());
    }
  }

  private async follow(signal: AbortSignal): Promise<void> {
    try {
      if (!this.started) this.seen = await this.bookmark.start(await this.deps.log.position());
      this.started = true;
      const options = { shards: ALL_SHARDS, writers: ['exec', 'gate'] as const, from: this.seen + 1, signal };
      for await (const item of this.deps.log.follow(options)) {
        if (item.kind === 'commit') this.take(item.commit);
        else this.goLive();
        if (this.live) await this.bookmark.saveNowAndThen(() => this.lowWater());
      }
    } catch (error) {
      if (isSluiceError(error, 'LOG_MISSING')) throw error;
      if (isSluiceError(error, 'LOG_REGRESSED')) this.forgetAll();
      if (!signal.aborted) this.logger.warn({ reason: messageOf(error) }, 'the log cannot be followed; trying again');
    }
  }

  /** What was folded may be what the log lost: everything is read anew. */
  private forgetAll(): void {
    this.seen = 0;
    this.live = false;
    for (const watch of this.watches.all()) {
      this.hosts.remove(watch);
      this.measured.forget(watch);
      this.watches.delete(watch);
    }
  }

  private goLive(): void {
    this.live = true;
    for (const watch of this.watches.waiting()) if (!watch.loaded) this.load(watch);
  }

  private take(commit: RecordedCommit): void {
    this.seen = Math.max(this.seen, commit.head.position);
    if (isOf(commit, 'exec')) this.takeExec(commit);
    else if (isOf(commit, 'gate')) this.takeGate(commit);
  }

  private takeExec(commit: RecordedCommit<'exec'>): void {
    const watch = this.watches.of(commit);
    if (watch === undefined) return;
    watch.wantedRev = Math.max(watch.wantedRev, commit.head.rev);
    // While the past is read nothing is judged, so requests that were over long ago are never loaded.
    if (!this.live) {
      if (endsRollout(commit.events)) this.watches.delete(watch);
      return;
    }
    if (commit.head.rev <= watch.execRev) return;
    if (watch.loaded && !watch.loading && commit.head.rev === watch.execRev + 1) {
      watch.foldExec(commit, this.deps.clock.now());
      this.refresh(watch);
    } else this.load(watch);
  }

  private takeGate(commit: RecordedCommit<'gate'>): void {
    const watch = this.watches.get(commit.stream.id);
    if (watch?.loaded !== true || watch.loading || commit.head.rev !== watch.gateHead.rev + 1) return;
    watch.foldGate(commit);
    this.measured.sync(watch);
  }

  /** Brings a watch up to the log's end, in the background. */
  private load(watch: RolloutWatch): void {
    if (watch.loading || this.stopped) return;
    watch.loading = true;
    watch.loaded = false;
    this.spend(
      this.loads.run(async () => {
        try {
          await loadWatch(watch, this.deps.log, this.deps.clock);
          watch.loaded = true;
          watch.failures = 0;
        } catch (error) {
          watch.retryAt = this.deps.clock.now() + Math.min(MAX_BACKOFF_MS, TICK_MS * 2 ** Math.min(watch.failures, 10));
          watch.failures += 1;
          this.logger.warn({ rollout: watch.id, reason: messageOf(error) }, 'a rollout cannot be read; trying again');
        }
        watch.loading = false;
        if (watch.loaded && watch.execRev < watch.wantedRev) this.load(watch);
        else this.refresh(watch);
      }),
    );
  }

  /** After something was folded: listens for the right hosts, judges, and lets go of what is over. */
  private refresh(watch: RolloutWatch): void {
    this.round.keepGoing();
    this.measured.sync(watch);
    if (watch.loaded && watch.request === undefined && !this.measured.has(watch)) {
      this.hosts.remove(watch);
      if (watch.isOver) this.watches.delete(watch);
      else this.watches.rest(watch);
      return;
    }
    this.watches.wake(watch);
    if (watch.loaded && watch.awaits('ready')) this.hosts.add(watch);
    this.judge(watch);
    this.keepTicking();
  }

  private judge(watch: RolloutWatch): void {
    const { request } = watch;
    if (!watch.loaded || watch.loading || this.stopped) return;
    if (watch.appending) {
      watch.again = true;
      return;
    }
    const verdicts = request === undefined ? [] : this.newVerdicts(watch, request);
    if (verdicts.length > 0 || watch.outbox.length > 0) this.spend(this.write(watch, request, verdicts));
  }

  private newVerdicts(watch: RolloutWatch, request: OpenRequest): GateJudged[] {
    const judging = { now: this.deps.clock.now(), policy: this.policy, problem: this.deps.facts.problem() };
    return watch
      .builtIn()
      .filter((gate) => !watch.isAnswered(gate))
      .map((gate) => judged(inputsOf(watch, request, gate, judging), this.policyHash))
      .filter(({ gate, verdict }) => verdict !== watch.verdicts.get(gate));
  }

  /** One commit for the verdicts of one look, and for what was measured meanwhile. */
  private async write(
    watch: RolloutWatch,
    request: OpenRequest | undefined,
    verdicts: readonly GateJudged[],
  ): Promise<void> {
    const measured = watch.outbox;
    watch.outbox = [];
    const { cause, corr } = request ?? { cause: '', corr: '' };
    const written = await this.append(watch, [
      ...verdicts.map((event) => ({ event, meta: { by: BY, cause, corr } })),
      ...measured.map((each) => ({ event: each.event, meta: { by: BY, cause: each.cause, corr: each.corr } })),
    ]);
    if (written && watch.request === request)
      for (const { gate, verdict } of verdicts) watch.verdicts.set(gate, verdict);
    if (written && !watch.awaits('ready')) this.hosts.remove(watch);
    this.measured.wrote(
      watch,
      measured.map(({ event }) => event),
      written,
    );
    this.written(watch);
  }

  private async tell(watch: RolloutWatch, events: readonly FleetEvent[]): Promise<void> {
    const meta: EventMeta = { by: BY, cause: 'heartbeats', corr: watch.plan.requestId };
    const written = await this.append(
      watch,
      events.map((event) => ({ event, meta })),
    );
    if (written) watch.noteDrifts(events);
    this.written(watch);
  }

  /** A conflict or an unknown end is resolved by reading, never by repeating. */
  private async append(watch: RolloutWatch, events: readonly EventToAppend[]): Promise<boolean> {
    const { log, newId, clock } = this.deps;
    watch.appending = true;
    try {
      watch.gateHead = await log.append(streamOf(watch, 'gate'), watch.gateHead, {
        id: newId(),
        at: clock.now(),
        events,
      });
      return true;
    } catch (error) {
      if (!isSluiceError(error, 'CONCURRENCY_CONFLICT')) {
        this.logger.warn({ rollout: watch.id, reason: messageOf(error) }, 'a verdict cannot be written; trying again');
      }
      watch.loaded = false;
      if (isSluiceError(error, 'CONCURRENCY_CONFLICT')) this.load(watch);
      return false;
    } finally {
      watch.appending = false;
    }
  }

  private written(watch: RolloutWatch): void {
    if (watch.again || watch.outbox.length > 0) this.dirty.add(watch);
    watch.again = false;
    this.keepTicking();
  }

  /** Judges again as time passes, at the latest when a bake ends; silent while nothing is open. */
  private keepTicking(): void {
    if (this.tick !== undefined || this.stopped) return;
    const now = this.deps.clock.now();
    let delay = Number.POSITIVE_INFINITY;
    for (const watch of this.watches.waiting()) {
      if (watch.loaded && !watch.awaits()) continue;
      const left = (watch.request?.passNotBefore ?? now) - now;
      delay = Math.min(delay, TICK_MS, left > 0 ? left : TICK_MS);
    }
    if (delay === Number.POSITIVE_INFINITY) return;
    this.tick = this.deps.clock.schedule(delay, () => this.onTick());
  }

  private onTick(): void {
    this.tick = undefined;
    const now = this.deps.clock.now();
    for (const watch of this.watches.waiting()) {
      if (watch.loaded) this.judge(watch);
      else if (this.live && watch.retryAt <= now) this.load(watch);
    }
    this.keepTicking();
  }

  /** The lowest position from which every open rollout is seen again. */
  private lowWater(): number {
    let low = this.seen + 1;
    for (const watch of this.watches.all()) low = Math.min(low, watch.openedAt);
    return low;
  }

  private spend(work: Promise<void>): void {
    this.inFlight.add(work);
    void work.finally(() => this.inFlight.delete(work));
  }
}
