import {
  EMPTY_HEAD,
  groupStreamId,
  type GroupEvent,
  type NoticeEvent,
  type Notification,
  type Plan,
  rolloutIdOf,
  type RolloutEvent,
  shardOfGroup,
  type StreamHead,
} from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { InMemoryEventLog } from '@sluice/event-log';
import { SluiceError } from '@sluice/kernel';
import { seededIds, seededRandom, VirtualClock } from '@sluice/testing';

import { NotifierEngine } from '../engine/notifier-engine.js';
import type { NoticePublisher, NotifierDeps, PositionStore } from '../engine/ports.js';

export const planOf = (rolloutId: string, group: string): Plan => ({
  v: 1,
  rolloutId,
  requestId: `req-${rolloutId}`,
  app: 'hello',
  group,
  environment: 'test',
  strategy: 'rolling',
  version: '2.0.0',
  spec: {
    app: 'hello',
    group,
    version: '2.0.0',
    artifact: { url: 'file:///hello.tgz', sha256: 'ab'.repeat(32) },
    profile: { kind: 'process', command: ['node', 'server.js'], stopGraceMs: 1_000 },
    verify: { path: '/', status: 200, successes: 1, intervalMs: 100, timeoutMs: 1_000 },
    ignoreVerify: false,
    drainWindowMs: 0,
  },
  targetCount: 1_000,
  canaries: 0,
  batches: [[1, 1_000]],
  budget: {
    members: 1_000,
    percent: 1,
    maxUnavailable: 10,
    failureLimit: 10,
    failureThresholdPercent: 1,
    extraFailures: 0,
    minServing: 0,
    advisory: false,
  },
  waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: 3, bakeMs: 0 },
  approvals: { batches: 'required' },
  mode: 'automatic',
  gates: [],
  onCanaryFailure: 'hold',
  leftOut: [],
  targetsHash: 'cd'.repeat(32),
  requestedBy: { id: 'bob', kind: 'user' },
  pollAfterMs: 5_000,
  attemptDeadlineMs: 60_000,
});

/** Writes rollouts as planner and executor do, each event of `advance` one that is told. */
export class Rollouts {
  private readonly heads = new Map<string, StreamHead>();
  private readonly stages = new Map<string, number>();

  constructor(
    private readonly log: EventLog,
    private readonly newId: () => string,
    private readonly now: () => number,
  ) {}

  id(group: string): string {
    return rolloutIdOf(group, group);
  }

  async plan(group: string): Promise<void> {
    const id = this.id(group);
    await this.append('plan', id, group, [
      { type: 'RolloutPlanned', plan: planOf(id, group), planHash: 'ef'.repeat(32) },
    ]);
    await this.append('exec', id, group, [{ type: 'RolloutStarted', token: 1 }]);
  }

  /** One commit with that many stages passed, and an event between them that nobody is told of. */
  async advance(group: string, stages = 1): Promise<void> {
    const first = this.stages.get(group) ?? 0;
    this.stages.set(group, first + stages);
    const events = Array.from({ length: stages }, (_, i): RolloutEvent[] => [
      { type: 'StageEntered', stage: first + i },
      { type: 'StagePassed', stage: first + i },
    ]);
    await this.append('exec', this.id(group), group, events.flat());
  }

  exclude(group: string, host: string): Promise<void> {
    return this.append('group', groupStreamId(group), group, [{ type: 'HostExcluded', host, reason: 'disk' }]);
  }

  grant(group: string): Promise<void> {
    return this.append('group', groupStreamId(group), group, [
      { type: 'LeaseGranted', rolloutId: this.id(group), token: 1 },
    ]);
  }

  private async append(
    writer: 'plan' | 'exec' | 'group',
    id: string,
    group: string,
    said: readonly Said[],
  ): Promise<void> {
    const meta = { by: { id: 'ana', kind: 'user' as const }, cause: 'cause', corr: `req-${id}` };
    const draft = { id: this.newId(), at: this.now(), events: said.map((event) => ({ event, meta })) };
    const stream = { shard: shardOfGroup(group), writer, id };
    const key = `${writer}.${id}`;
    const expected = this.heads.get(key) ?? EMPTY_HEAD;
    const again = (): Promise<StreamHead> => this.log.append(stream, expected, draft);
    // As every writer does: what may have landed is appended again under the same id.
    this.heads.set(key, await again().catch(again));
  }
}

type Said =
  RolloutEvent | GroupEvent | { readonly type: 'RolloutPlanned'; readonly plan: Plan; readonly planHash: string };

/** A stream of notifications as a person sees it: a repeated id is dropped, and counted. */
export class Board implements NoticePublisher {
  readonly shown: Notification[] = [];
  repeats = 0;
  down = false;
  /** Loses the ack of the next publications though they landed. */
  loseAcks = 0;
  refuse: ((notification: Notification) => boolean) | undefined;
  private readonly ids = new Set<string>();

  async publish(notification: Notification): Promise<void> {
    if (this.down) throw new SluiceError('NATS_UNAVAILABLE', 'down');
    if (this.refuse?.(notification) === true) throw new SluiceError('NOTICE_REFUSED', 'too large');
    if (this.ids.has(notification.id)) this.repeats += 1;
    else this.shown.push(notification);
    this.ids.add(notification.id);
    if (this.loseAcks === 0) return;
    this.loseAcks -= 1;
    throw new SluiceError('NATS_UNAVAILABLE', 'the ack was lost');
  }

  of(rollout: string): Notification[] {
    return this.shown.filter(({ data }) => data.rolloutId === rollout);
  }
}

export function remembering(): PositionStore & { position: number } {
  return {
    position: 0,
    async load() {
      return this.position;
    },
    async save(position) {
      this.position = position;
    },
  };
}

/** A log, a clock and a board; the tests play planner and executor. */
export class NoticeWorld {
  readonly clock = new VirtualClock();
  readonly log = new InMemoryEventLog();
  readonly board = new Board();
  readonly newId: () => string;
  readonly rollouts: Rollouts;
  private readonly running = new Set<{ readonly stop: AbortController; readonly ended: Promise<void> }>();

  constructor(seed = 1) {
    this.newId = seededIds(this.clock, seededRandom(seed));
    this.rollouts = new Rollouts(this.log, this.newId, () => this.clock.now());
  }

  start(more: Partial<NotifierDeps> = {}): NotifierEngine {
    const { log, clock, newId, board } = this;
    const engine = new NotifierEngine({ log, clock, newId, publisher: board, ...more });
    const stop = new AbortController();
    this.running.add({ stop, ended: engine.run(stop.signal) });
    return engine;
  }

  async stop(): Promise<void> {
    for (const { stop, ended } of this.running) {
      stop.abort();
      await ended;
    }
    this.running.clear();
  }

  /** The ledger of a rollout or group, commit by commit. */
  async ledger(group: string, id = this.rollouts.id(group)): Promise<(readonly NoticeEvent[])[]> {
    const out: (readonly NoticeEvent[])[] = [];
    for await (const { events } of this.log.read({ shard: shardOfGroup(group), writer: 'notice', id }))
      out.push(events);
    return out;
  }
}
