import {
  type EventToAppend,
  type EventsOfWriter,
  type GateJudged,
  type GroupSides,
  groupStreamId,
  type Plan,
  rolloutIdOf,
  rosterStreamId,
  type ServiceCapacity,
  shardOfId,
  type StreamHead,
  variableStreamId,
  type Writer,
  EMPTY_HEAD,
} from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { judgedMeasure, NOTHING_MEASURED, takeSeries } from '@sluice/gating';

const HASH = 'ab'.repeat(32);

export const PLAN_HASH = 'cd'.repeat(32);

export const idOf = (group: string, seed: string): string => rolloutIdOf(group, seed);

/** A plan of `hosts` in one canary and one batch, as small as a plan can be. */
export function planOf(id: string, group: string, hosts: number): Plan {
  return {
    v: 1,
    rolloutId: id,
    requestId: `req-${id}`,
    app: 'hello',
    group,
    environment: 'production',
    strategy: 'canary',
    version: '2.0.0',
    spec: {
      app: 'hello',
      group,
      version: '2.0.0',
      artifact: { url: 'file:///hello-2.0.0.tgz', sha256: HASH },
      profile: { kind: 'process', command: ['node', 'server.js'], stopGraceMs: 1_000 },
      verify: { path: '/healthz', status: 200, successes: 1, intervalMs: 100, timeoutMs: 1_000 },
      ignoreVerify: false,
      drainWindowMs: 0,
    },
    targetCount: hosts,
    canaries: 1,
    batches: hosts > 1 ? [[hosts - 1, 1]] : [],
    budget: {
      members: hosts,
      percent: 50,
      maxUnavailable: Math.max(1, Math.floor(hosts / 2)),
      failureLimit: 1,
      failureThresholdPercent: 50,
      extraFailures: 0,
      minServing: 0,
      advisory: false,
    },
    waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: 3, bakeMs: 0 },
    approvals: { batches: 'required' },
    mode: 'automatic',
    gates: ['settled'],
    onCanaryFailure: 'hold',
    leftOut: [],
    targetsHash: HASH,
    requestedBy: { id: 'ana', kind: 'user' },
    pollAfterMs: 5_000,
    attemptDeadlineMs: 60_000,
  };
}

export const SIDES: GroupSides = {
  names: ['flip', 'flop'],
  services: [{ name: 'index' }, { name: 'search' }],
  capacity: 'cloud',
};

/** A plan that shifts traffic from flip to flop by 5, 50 and 100 percent. */
export const shiftOf = (id: string, group: string): Plan => ({
  ...planOf(id, group, 0),
  strategy: 'traffic',
  canaries: 0,
  batches: [],
  gates: [],
  targetCount: 0,
  traffic: {
    oldSide: 'flip',
    newSide: 'flop',
    services: [{ name: 'index' }, { name: 'search' }],
    capacity: 'cloud',
    publish: [],
    preScalePercent: 25,
    weights: [{ weight: 5 }, { weight: 50 }, { weight: 100 }],
    dwellMs: 60_000,
    readyWithinMs: 600_000,
    drainWindowMs: 30_000,
  },
});

/** What a threshold gate of 0.01 says of these values, as the health-gate writes it. */
export function verdictOf(gate: string, values: readonly number[], shadow?: true): GateJudged {
  const window = { from: 1_767_225_600_000, to: 1_767_225_900_000 };
  const samples = values.map((value, i) => ({ at: window.to - i, value }));
  return judgedMeasure(
    {
      ...{ gate, phase: 'during', stage: 1, round: 1, at: window.to, passNotBefore: 0, source: 'main', window },
      positions: { request: 1, exec: 2 },
      measure: {
        kind: 'threshold',
        query: 'errors',
        windowMs: 300_000,
        stepMs: 15_000,
        bound: 'max',
        limit: 0.01,
        n: 1,
        of: 1,
      },
      limits: { fail: 0, inconclusive: 3, error: 3, passes: 1 },
      asked: [{ name: 'query', query: 'errors{side="flop"}' }],
      tally: NOTHING_MEASURED,
      found: { kind: 'threshold', series: takeSeries(samples, window) },
      ...(shadow === undefined ? {} : { shadow }),
    },
    HASH,
  );
}

/** Writes commits as the services would: one writer per stream, heads kept. */
export class Planter {
  private readonly heads = new Map<string, StreamHead>();
  private commits = 0;
  at = 1_767_225_600_000;

  constructor(private readonly log: EventLog) {}

  async write<W extends Writer>(writer: W, id: string, ...events: readonly EventsOfWriter[W][]): Promise<StreamHead> {
    const shard = shardOfId(id) ?? '00';
    const key = `${writer}.${id}`;
    const meta = { by: { id: writer, kind: 'service' as const }, cause: `cause-${this.commits}`, corr: `req-${id}` };
    const drafted = events.map((event) => ({ event, meta })) as unknown as EventToAppend[];
    const draft = {
      id: `01COMMIT${String((this.commits += 1)).padStart(18, '0')}`,
      at: (this.at += 1_000),
      events: drafted,
    };
    const head = await this.log.append({ shard, writer, id }, this.heads.get(key) ?? EMPTY_HEAD, draft);
    this.heads.set(key, head);
    return head;
  }

  /** A planned rollout of that many hosts `web-01...`. */
  async plan(group: string, seed: string, hosts = 3): Promise<string> {
    const id = idOf(group, seed);
    const targets = Array.from({ length: hosts }, (_, i) => ({ host: `web-${String(i + 1).padStart(2, '0')}` }));
    await this.write(
      'plan',
      id,
      { type: 'PlanTargetsAdded', from: 0, targets },
      { type: 'RolloutPlanned', plan: planOf(id, group, hosts), planHash: PLAN_HASH },
    );
    return id;
  }

  async planShift(group: string, seed: string): Promise<string> {
    const id = idOf(group, seed);
    await this.write('plan', id, { type: 'RolloutPlanned', plan: shiftOf(id, group), planHash: PLAN_HASH });
    return id;
  }

  /** Ready for its first request, and then 5 percent of them. Ends at rev 3. */
  async shift(id: string): Promise<void> {
    const of = (count: number, ready = count): readonly ServiceCapacity[] =>
      ['index', 'search'].map((service) => ({ service, desired: count, created: count, ready }));
    const weights = { flip: 95, flop: 5 };
    await this.write(
      'exec',
      id,
      { type: 'RolloutStarted', token: 3 },
      { type: 'StageEntered', stage: 0 },
      { type: 'SideSeen', side: 'flip', services: of(100) },
      { type: 'SideSeen', side: 'flop', services: of(0) },
    );
    await this.write(
      'exec',
      id,
      { type: 'SideScaleOrdered', stage: 0, side: 'flop', services: [{ service: 'index', desired: 25 }] },
      { type: 'SideSeen', side: 'flop', services: of(25, 24) },
      { type: 'StagePassed', stage: 0 },
      { type: 'StageEntered', stage: 1 },
      { type: 'WeightSet', stage: 1, weights, why: 'stage' },
    );
    await this.write('exec', id, { type: 'WeightPublished', weights, version: 1 });
  }

  /** From planned to the canary's failure: braked. */
  async brake(id: string): Promise<void> {
    await this.write('exec', id, { type: 'RolloutStarted', token: 1 }, { type: 'StageEntered', stage: 0 });
    await this.write('exec', id, { type: 'TargetsAdmitted', run: 'roll', targets: [0], deadline: this.at + 60_000 });
    await this.write(
      'exec',
      id,
      { type: 'StepSucceeded', target: 0, step: 'drain', n: 1, ms: 20 },
      { type: 'StepSucceeded', target: 0, step: 'download', n: 1, ms: 40 },
    );
    await this.write(
      'exec',
      id,
      {
        type: 'StepFailed',
        target: 0,
        step: 'install',
        n: 1,
        ms: 90,
        code: 'EXIT',
        message: 'it ended with 1',
        serving: false,
      },
      {
        type: 'RolloutBraked',
        cause: { kind: 'canary', words: 'the canary failed: lost 1 of 1', numbers: { lost: 1 }, targets: [0] },
      },
    );
  }

  async cancel(id: string): Promise<void> {
    const counts = { done: 0, skipped: 0, failed: 1, unknown: 0, excluded: 0, untouched: 2 };
    await this.write(
      'exec',
      id,
      { type: 'RolloutSettling', cause: 'cancelled' },
      { type: 'RolloutCancelled', cause: 'cancelled', counts, notServing: [0] },
    );
  }

  /** The variable docker of the default fleet, which has one host. */
  async variable(): Promise<void> {
    await this.write('variable', rosterStreamId('default'), {
      type: 'HostsJoined',
      role: 'web',
      from: 0,
      names: ['web-01'],
    });
    const [reason, schedule] = ['a test', { kind: 'linear' as const, durationMs: 1_000 }];
    const limits = { '*': { maxPercent: 30, minHosts: 1, pace: { changes: 1, windowMs: 60_000 } } };
    const spec = { name: 'docker', type: 'string' as const, from: '1', to: '2', schedule, limits, salt: '' };
    await this.write(
      'variable',
      variableStreamId('default', 'docker'),
      { type: 'VariableDefined', version: 1, spec, reason },
      { type: 'HostsPinned', hosts: [0], value: '2', reason },
      { type: 'RampStarted', activeMs: 0, reason },
      {
        type: 'RampStopped',
        activeMs: 20,
        cause: { kind: 'breach', words: 'errors 3% > 1%', numbers: { errors: 3 } },
      },
    );
  }

  group(name: string, ...events: readonly EventsOfWriter['group'][]): Promise<StreamHead> {
    return this.write('group', groupStreamId(name), ...events);
  }
}
