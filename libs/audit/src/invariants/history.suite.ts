import {
  type DomainEvent,
  groupStreamId,
  hashOf,
  type Plan,
  type RolloutEvent,
  rolloutIdOf,
  shardOfGroup,
  type StepName,
  type Writer,
} from '@sluice/contracts';
import type { Actor } from '@sluice/kernel';

import { Invariants } from './invariants.js';

export const GROUP = 'web';
export const ID = rolloutIdOf(GROUP, 'one');
const hosts = ['a', 'b', 'c', 'd', 'e', 'f'];
export const targets = hosts.map((host) => ({ host }));
export const deadline = 1_000_000;

export const plan: Plan = {
  v: 1,
  rolloutId: ID,
  requestId: 'req',
  app: 'web',
  group: GROUP,
  environment: 'production',
  strategy: 'canary',
  version: '2',
  spec: {
    app: 'web',
    group: GROUP,
    version: '2',
    artifact: { url: 'file:///x', sha256: 'ab'.repeat(32) },
    profile: { kind: 'process', command: ['x'], stopGraceMs: 1 },
    verify: { path: '/', status: 200, successes: 1, intervalMs: 1, timeoutMs: 1 },
    ignoreVerify: false,
    drainWindowMs: 0,
  },
  targetCount: 6,
  canaries: 1,
  batches: [
    [2, 2],
    [1, 1],
  ],
  budget: {
    members: 6,
    percent: 34,
    maxUnavailable: 2,
    failureLimit: 3,
    failureThresholdPercent: 34,
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
  targetsHash: hashOf(targets),
  requestedBy: { id: 'rita', kind: 'user' },
  pollAfterMs: 5_000,
  attemptDeadlineMs: 60_000,
};

/** A history as the engines would write it, into which a test plants what must never happen. */
export class History {
  readonly invariants = new Invariants();
  private position = 0;
  /** ms since the epoch, of the next commit. */
  at = 1;

  write(
    writer: Writer,
    id: string,
    events: readonly DomainEvent[],
    by: Actor = { id: 'executor', kind: 'service' },
  ): this {
    this.position += 1;
    const head = { rev: this.position, hash: '', position: this.position, at: this.at };
    const meta = { by, cause: 'c', corr: 'req' };
    this.invariants.apply({
      stream: { shard: shardOfGroup(GROUP), writer, id },
      head,
      draft: { id: `commit-${this.position}`, at: this.at, events: events.map((event) => ({ event, meta })) },
    });
    return this;
  }

  waits(ms: number): this {
    this.at += ms;
    return this;
  }

  exec(...events: readonly RolloutEvent[]): this {
    return this.write('exec', ID, events);
  }

  planned(change: Partial<Plan> = {}): this {
    const changed = { ...plan, ...change };
    return this.write('plan', ID, [
      { type: 'PlanTargetsAdded', from: 0, targets },
      { type: 'RolloutPlanned', plan: changed, planHash: hashOf(changed) },
    ]);
  }

  leased(token = 1): this {
    return this.write('group', groupStreamId(GROUP), [{ type: 'LeaseGranted', rolloutId: ID, token }]);
  }

  started(): this {
    return this.planned().leased().exec({ type: 'RolloutStarted', token: 1 }, { type: 'StageEntered', stage: 0 });
  }

  admit(...indexes: readonly number[]): this {
    return this.exec({ type: 'TargetsAdmitted', run: 'roll', targets: indexes, deadline });
  }

  steps(target: number, ...steps: readonly StepName[]): this {
    return this.exec(...steps.map((step) => ({ type: 'StepSucceeded' as const, target, step, n: 1, ms: 1 })));
  }

  fail(target: number, step: StepName = 'drain'): this {
    return this.exec({ type: 'StepFailed', target, step, n: 1, ms: 1, code: 'X', message: '', serving: false });
  }

  approve(approval: 'canary' | 'batches', by = 'piet', planHash = hashOf(plan)): this {
    this.exec({ type: 'ApprovalRequested', approval, planHash });
    return this.granted(approval, by, planHash);
  }

  granted(approval: 'canary' | 'batches', by = 'piet', planHash = hashOf(plan)): this {
    return this.write('exec', ID, [{ type: 'ApprovalGranted', approval, planHash }], { id: by, kind: 'user' });
  }

  /** Up to the first batch: the canary is done and its stage passed. */
  canaryDone(): this {
    this.started().admit(0).steps(0, 'drain', 'download', 'install', 'verify');
    this.approve('canary').exec({ type: 'TargetsAdmitted', run: 'enable', targets: [0], deadline });
    return this.steps(0, 'enable')
      .exec({ type: 'StagePassed', stage: 0 })
      .approve('batches')
      .exec({ type: 'StageEntered', stage: 1 });
  }

  get broken(): string[] {
    return [...new Set(this.invariants.violations.map(({ invariant }) => invariant))];
  }
}
