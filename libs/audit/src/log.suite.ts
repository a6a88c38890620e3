import { type Actor } from '@sluice/kernel';
import {
  type DomainEvent,
  encodeCommit,
  groupStreamId,
  hashOf,
  type RolloutEvent,
  rolloutIdOf,
  sha256,
  shardOfGroup,
  type StepName,
  streamKey,
  type StreamName,
  type Writer,
} from '@sluice/contracts';

import { deadline, GROUP, ID, plan, targets } from './invariants/history.suite.js';
import {
  type Checkpoint,
  CompactRange,
  generateKeys,
  hashLeaf,
  openCheckpoint,
  parseSignerKey,
  parseVerifierKey,
  signCheckpoint,
} from '@sluice/proof';
import type { AuditedCommit, CommitSource } from './source.js';
import type { AuditReport, VerifyOptions } from './report.js';
import { verifyLog } from './verify.js';

export type Stored = AuditedCommit & { readonly stream: StreamName };

const EXECUTOR: Actor = { id: 'executor', kind: 'service' };
const ALL: readonly StepName[] = ['drain', 'download', 'install', 'verify', 'enable'];

/** A log as its writers leave it: chained, in the order of positions. */
export class WrittenLog {
  readonly commits: Stored[] = [];
  private readonly heads = new Map<string, { readonly rev: number; readonly hash: string }>();
  /** ms since the epoch. */
  at = 1_000;
  private plan: typeof plan;
  private token = 1;

  constructor(private readonly name = GROUP) {
    this.plan = name === GROUP ? plan : { ...plan, group: name, rolloutId: rolloutIdOf(name, 'first') };
  }

  write(writer: Writer, id: string, events: readonly DomainEvent[], by: Actor = EXECUTOR): this {
    const stream: StreamName = { shard: shardOfGroup(this.name), writer, id };
    const head = this.heads.get(streamKey(stream)) ?? { rev: 0, hash: '' };
    const position = this.commits.length + 1;
    const meta = { by, cause: 'c', corr: 'req' };
    const bytes = encodeCommit({
      id: `commit-${position}`,
      stream,
      rev: head.rev + 1,
      at: (this.at += 1),
      prev: head.hash,
      events: events.map((event) => ({ event, meta })),
    });
    this.heads.set(streamKey(stream), { rev: head.rev + 1, hash: sha256(bytes) });
    this.commits.push({ stream, position, bytes });
    return this;
  }

  exec(...events: readonly RolloutEvent[]): this {
    return this.write('exec', this.plan.rolloutId, events);
  }

  planned(): this {
    const { plan: own } = this;
    this.write('plan', own.rolloutId, [{ type: 'PlanTargetsAdded', from: 0, targets }]);
    return this.write('plan', own.rolloutId, [{ type: 'RolloutPlanned', plan: own, planHash: hashOf(own) }]);
  }

  /** What is written from here on is another rollout of the group. */
  another(): this {
    this.token += 1;
    const rolloutId = `${ID.slice(0, -2)}${String(this.token).padStart(2, '0')}`;
    this.plan = { ...plan, rolloutId };
    return this;
  }

  group(...events: readonly DomainEvent[]): this {
    return this.write('group', groupStreamId(this.name), events);
  }

  started(): this {
    this.planned().group({ type: 'LeaseGranted', rolloutId: this.plan.rolloutId, token: this.token });
    return this.exec({ type: 'RolloutStarted', token: this.token }, { type: 'StageEntered', stage: 0 });
  }

  admit(...indexes: readonly number[]): this {
    return this.exec({ type: 'TargetsAdmitted', run: 'roll', targets: indexes, deadline });
  }

  steps(target: number, steps: readonly StepName[] = ALL): this {
    return this.exec(...steps.map((step) => ({ type: 'StepSucceeded' as const, target, step, n: 1, ms: 1 })));
  }

  approve(approval: 'canary' | 'batches', by = 'piet'): this {
    const planHash = hashOf(this.plan);
    this.exec({ type: 'ApprovalRequested', approval, planHash });
    const granted = { type: 'ApprovalGranted' as const, approval, planHash };
    return this.write('exec', this.plan.rolloutId, [granted], { id: by, kind: 'user' });
  }

  /** Canary, two approvals, three batches, the end. */
  whole(approver = 'piet'): this {
    this.started().admit(0).steps(0, ALL.slice(0, 4)).approve('canary', approver);
    this.exec({ type: 'TargetsAdmitted', run: 'enable', targets: [0], deadline }).steps(0, ['enable']);
    this.exec({ type: 'StagePassed', stage: 0 }).approve('batches');
    for (const [stage, batch] of [[1, 2], [3, 4], [5]].entries()) {
      this.exec({ type: 'StageEntered', stage: stage + 1 }).admit(...batch);
      for (const target of batch) this.steps(target);
      this.exec({ type: 'StagePassed', stage: stage + 1 });
    }
    const counts = { done: 6, skipped: 0, failed: 0, unknown: 0, excluded: 0, untouched: 0 };
    this.exec({ type: 'RolloutSucceeded', counts });
    return this.group({ type: 'LeaseReleased', rolloutId: this.plan.rolloutId, outcome: 'succeeded' });
  }
}

/** Two logs as one: their commits in turn. */
export function interleaved(a: readonly Stored[], b: readonly Stored[]): readonly Stored[] {
  const inTurn = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => [a[i], b[i]]).flat();
  return inTurn.flatMap((commit) => commit ?? []).map((commit, i) => ({ ...commit, position: i + 1 }));
}

export async function* sourceOf(commits: readonly AuditedCommit[]): CommitSource {
  await Promise.resolve();
  yield* commits;
}

export const textOf = ({ bytes }: AuditedCommit): string => Buffer.from(bytes).toString();

export const withText = <C extends AuditedCommit>(commit: C, change: (text: string) => string): C => ({
  ...commit,
  bytes: Buffer.from(change(textOf(commit))),
});

export const keys = generateKeys('sluice.example/log');
const known = [parseVerifierKey(keys.verifier)];

export function signedBy(commits: readonly Stored[]): string {
  const range = new CompactRange();
  for (const { bytes } of commits) range.append(hashLeaf(bytes));
  const head = { origin: 'sluice.example/log', size: range.size, root: range.root(), extensions: [] };
  return signCheckpoint(head, [parseSignerKey(keys.signer)]);
}

export const checkpointOf = (commits: readonly Stored[]): Checkpoint => openCheckpoint(signedBy(commits), known);
export const verify = (commits: readonly Stored[], options?: VerifyOptions): Promise<AuditReport> =>
  verifyLog(sourceOf(commits), options);
export const codesOf = ({ findings }: AuditReport): string[] => [...new Set(findings.map(({ code }) => code))];

/** All commits of one stream written anew from that place on, with a chain that holds. */
export function rewritten(commits: readonly Stored[], at: number, change: (text: string) => string): readonly Stored[] {
  const target = commits[at];
  let prev: string | undefined;
  return commits.map((commit, i) => {
    if (i < at || target === undefined || streamKey(commit.stream) !== streamKey(target.stream)) return commit;
    const forged = withText(commit, (text) => {
      const changed = i === at ? change(text) : text;
      return prev === undefined ? changed : changed.replace(/"prev":"[\da-f]{64}"/, `"prev":"${prev}"`);
    });
    prev = sha256(forged.bytes);
    return forged;
  });
}
