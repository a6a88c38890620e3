import {
  type EventToAppend,
  type EventsOfWriter,
  groupStreamId,
  type Plan,
  rolloutIdOf,
  shardOfId,
  type StreamHead,
  type Writer,
  EMPTY_HEAD,
} from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';

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

  group(name: string, ...events: readonly EventsOfWriter['group'][]): Promise<StreamHead> {
    return this.write('group', groupStreamId(name), ...events);
  }
}
