import {
  type DomainEvent,
  type EventMeta,
  type EventToAppend,
  groupStreamId,
  hashOf,
  type NoticeEvent,
  type Plan,
  type PlanTarget,
  type RolloutEvent,
  rolloutIdOf,
  sha256,
  shardOfGroup,
  type StepName,
  type StreamName,
  type TargetCounts,
} from '@sluice/contracts';
import { ulid } from '@sluice/kernel';

export interface PastRollout {
  readonly app: string;
  readonly group: string;
  readonly version: string;
  /** Fencing token: the how manieth rollout of its group it was, from 1. */
  readonly token: number;
  readonly hosts: number;
  /** ms since the epoch. */
  readonly at: number;
  /** Asks for it to be rolled back to that rollout in the end. */
  readonly rollbackTo?: { readonly rolloutId: string; readonly version: string };
}

/** One commit as its service would write it; `id` is a function of the rollout and the commit's place. */
export interface PastCommit {
  readonly stream: StreamName;
  readonly id: string;
  readonly at: number;
  readonly events: readonly EventToAppend[];
}

const STEPS: readonly StepName[] = ['drain', 'download', 'install', 'verify', 'enable'];
const SECOND = 1_000;

export const pastRolloutId = ({ group, version, token }: PastRollout): string =>
  rolloutIdOf(group, `${group}/${version}/${token}`);

/** A rollout in two batches that went well, as its streams and its group's tell it, in the order of the log. */
export function finishedRollout(past: PastRollout): readonly PastCommit[] {
  const id = pastRolloutId(past);
  const { group, version, token, rollbackTo } = past;
  const plan = planOf(id, past);
  const targets = Array.from({ length: past.hosts }, (_, i): PlanTarget => ({ host: hostOf(group, i) }));
  const writing = new Writing(id, past);
  writing.add('plan', [
    { type: 'PlanTargetsAdded', from: 0, targets },
    { type: 'RolloutPlanned', plan: { ...plan, targetsHash: hashOf(targets) }, planHash: hashOf(plan) },
  ]);
  writing.add('group', [{ type: 'LeaseGranted', rolloutId: id, token }]);
  writing.add('exec', [{ type: 'RolloutStarted', token, ...(rollbackTo === undefined ? {} : { rollbackTo }) }]);
  for (const [stage, [from, to]] of stagesOf(past.hosts).entries()) addStage(writing, stage, from, to);
  const counts = countsOf(past.hosts, past.hosts);
  writing.add('exec', [{ type: 'RolloutSucceeded', counts }]);
  const success = { version, rolloutId: id, strategy: plan.strategy, sha256: plan.spec.artifact.sha256 };
  writing.add('group', [
    { type: 'VersionSucceeded', ...success },
    { type: 'LeaseReleased', rolloutId: id, outcome: 'succeeded' },
  ]);
  writing.add(
    'notice',
    ['planned', 'started', 'succeeded'].map((type) => notice(id, type)),
  );
  if (rollbackTo !== undefined) {
    const touched = targets.map((_, i) => i);
    writing.add('exec', [{ type: 'RollbackRequested', to: rollbackTo, targets: touched, down: [], ordinal: 1 }]);
  }
  return writing.commits;
}

/** Numbers the commits and gives them their times. */
class Writing {
  readonly commits: PastCommit[] = [];
  private readonly meta: EventMeta;

  constructor(
    private readonly id: string,
    private readonly past: PastRollout,
  ) {
    this.meta = { by: { id: 'sluice', kind: 'service' }, cause: `request:${id}`, corr: `request:${id}` };
  }

  add(writer: 'plan' | 'exec' | 'group' | 'notice', events: readonly DomainEvent[]): void {
    const at = this.past.at + this.commits.length * SECOND;
    const seed = Buffer.from(sha256(`${this.id}/${this.commits.length}`), 'hex');
    const id = writer === 'group' ? groupStreamId(this.past.group) : this.id;
    this.commits.push({
      stream: { shard: shardOfGroup(this.past.group), writer, id },
      id: ulid(at, seed.subarray(0, 10)),
      at,
      events: events.map((event) => ({ event, meta: this.meta })),
    });
  }
}

function addStage(writing: Writing, stage: number, from: number, to: number): void {
  const targets = Array.from({ length: to - from }, (_, i) => from + i);
  writing.add('exec', [
    { type: 'StageEntered', stage },
    { type: 'TargetsAdmitted', run: 'roll', targets, deadline: 4_102_444_800_000 },
  ]);
  const results = targets.flatMap((target) =>
    STEPS.map((step, i): RolloutEvent => ({
      type: 'StepSucceeded',
      target,
      step,
      n: 1,
      ms: 40 + ((target * 37 + i * 11) % 900),
    })),
  );
  writing.add('exec', results);
  writing.add('exec', [
    { type: 'StageSettled', stage, counts: countsOf(to, to) },
    { type: 'StagePassed', stage },
  ]);
}

/** A canary and the rest, when there is more than one. */
const stagesOf = (hosts: number): readonly (readonly [number, number])[] =>
  hosts === 1
    ? [[0, 1]]
    : [
        [0, 1],
        [1, hosts],
      ];

const countsOf = (done: number, of: number): TargetCounts => ({
  ...{ done, skipped: 0, failed: 0, unknown: 0, excluded: 0, untouched: of - done },
});

const hostOf = (group: string, index: number): string => `${group}-${String(index + 1).padStart(3, '0')}`;

const notice = (id: string, type: string): NoticeEvent => ({
  type: 'NoticeDelivered',
  notificationId: `${id}.${type}.0`,
  notificationType: type,
  severity: 'info',
  position: 1,
});

function planOf(id: string, { app, group, version, hosts }: PastRollout): Plan {
  const artifact = { url: `https://artifacts.example/${app}-${version}.tgz`, sha256: sha256(`${app}/${version}`) };
  return {
    v: 1,
    rolloutId: id,
    requestId: `request:${id}`,
    ...{ app, group, version, environment: 'production', strategy: 'canary' },
    spec: {
      ...{ app, group, version, artifact, ignoreVerify: false, drainWindowMs: 0 },
      profile: { kind: 'process', command: ['node', 'server.js'], stopGraceMs: SECOND },
      verify: { path: '/healthz', status: 200, successes: 1, intervalMs: 100, timeoutMs: SECOND },
    },
    targetCount: hosts,
    canaries: 1,
    batches: hosts > 1 ? [[hosts - 1, 1]] : [],
    budget: {
      ...{ members: hosts, percent: 50, maxUnavailable: Math.max(1, hosts >> 1), failureLimit: 1 },
      ...{ failureThresholdPercent: 50, extraFailures: 0, minServing: 0, advisory: false },
    },
    waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: 3, bakeMs: 0 },
    approvals: { batches: 'required' },
    mode: 'automatic',
    gates: ['settled'],
    onCanaryFailure: 'hold',
    leftOut: [],
    targetsHash: '',
    requestedBy: { id: 'ana', kind: 'user' },
    pollAfterMs: 5_000,
    attemptDeadlineMs: 60_000,
  };
}
