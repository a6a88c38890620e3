import { type DomainEvent, type Plan, sha256 } from '@sluice/contracts';

import { recordCommitOf } from '../record/commit.js';
import { timeText } from '../record/moments.js';
import type { AuditedCommit } from '../source.js';
import type { PopulationItem } from './schema.js';

type Item = { -readonly [K in keyof PopulationItem]: PopulationItem[K] };

export interface Period {
  /** ms since the epoch. */
  readonly since?: number;
  /** Not included. */
  readonly until?: number;
}

const STATE_AFTER: { readonly [T in DomainEvent['type']]?: string } = {
  RolloutStarted: 'running',
  ApprovalRequested: 'awaiting-approval',
  ApprovalGranted: 'running',
  RolloutPaused: 'paused',
  RolloutResumed: 'running',
  RolloutBraked: 'braked',
  BrakeReleased: 'running',
  RetryOrdered: 'running',
  RolloutSettling: 'settling',
  RolloutSucceeded: 'succeeded',
  RolloutFailed: 'failed',
  RolloutCancelled: 'cancelled',
  RolloutClosed: 'closed',
};

const ENDS: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled', 'closed']);

const NOTHING: Omit<Item, 'kind' | 'id' | 'planned' | 'position' | 'entry' | 'commit'> = {
  ...{ requestedBy: '', app: '', group: '', environment: '', strategy: '', version: '', artifact: '', planHash: '' },
  ...{ targets: 0, approvedBy: [], state: '', ended: '', reason: '' },
};

const HEAD_BYTES = 256;
const WANTED = /"stream":"(?:plan|exec)\./;

/** Every plan and every refusal of a period, with what became of it: a small object each. */
export class PopulationCensus {
  readonly #items = new Map<string, Item>();
  readonly #refused: Item[] = [];

  constructor(private readonly period: Period) {}

  /** `entry`: its place in the tree. Codes BAD_COMMIT and those of newer events. */
  add(commit: AuditedCommit, entry: number): void {
    if (commit.pruned !== undefined) return this.pruned(commit, entry);
    const { bytes } = commit;
    const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEAD_BYTES)).toString('latin1');
    if (!WANTED.test(head)) return;
    const { stream, at, events, meta, position, sha256: hash } = recordCommitOf(commit);
    const id = stream.slice(stream.indexOf('.') + 1);
    for (const [i, event] of events.entries()) {
      const by = meta[i]?.by;
      const place = { id, planned: timeText(at), position, entry, commit: hash };
      if (event.type === 'RolloutPlanned') this.planned({ ...NOTHING, ...place, ...plannedOf(event) }, at);
      else if (event.type === 'RequestRefused') this.refused({ ...NOTHING, ...place, ...refusedOf(event) }, at);
      else this.course(id, event, { at, by: by === undefined ? '' : `${by.kind}:${by.id}` });
    }
  }

  /** In the order of the log. */
  items(): readonly PopulationItem[] {
    return [...this.#items.values(), ...this.#refused].toSorted((a, b) => a.entry - b.entry || (a.id < b.id ? -1 : 1));
  }

  private planned(item: Item, at: number): void {
    if (this.isOfPeriod(at)) this.#items.set(item.id, item);
  }

  private refused(item: Item, at: number): void {
    if (this.isOfPeriod(at)) this.#refused.push(item);
  }

  /** Its last commit of the plan sealed it, or refused it. */
  private pruned({ pruned, position }: AuditedCommit, entry: number): void {
    if (pruned?.stream.startsWith('plan.') !== true) return;
    const id = pruned.stream.slice(5);
    const place = { id, planned: timeText(pruned.at), position, entry, commit: pruned.sha256 };
    if (this.isOfPeriod(pruned.at)) this.#items.set(id, { ...NOTHING, ...place, kind: 'pruned', state: 'pruned' });
    else this.#items.delete(id);
  }

  private course(id: string, event: DomainEvent, { at, by }: { readonly at: number; readonly by: string }): void {
    const item = this.#items.get(id);
    if (item === undefined) return;
    if (event.type === 'ApprovalGranted') item.approvedBy = [...item.approvedBy, `${event.approval}: ${by}`];
    const state = STATE_AFTER[event.type];
    if (state === undefined) return;
    item.state = state;
    item.ended = ENDS.has(state) ? timeText(at) : '';
  }

  private isOfPeriod(at: number): boolean {
    const { since = -Infinity, until = Infinity } = this.period;
    return at >= since && at < until;
  }
}

function plannedOf({ plan, planHash }: { readonly plan: Plan; readonly planHash: string }) {
  const { app, group, environment, strategy, version, requestedBy, targetCount: targets, reason = '' } = plan;
  const artifact = plan.ramp === undefined ? plan.spec.artifact.sha256 : '';
  const requester = `${requestedBy.kind}:${requestedBy.id}`;
  const what = { app, group, environment, strategy, version, artifact, planHash, targets, reason };
  return { kind: 'rollout', ...what, requestedBy: requester, state: 'planned' } as const;
}

function refusedOf({ app = '', group = '', faults }: Extract<DomainEvent, { readonly type: 'RequestRefused' }>) {
  const reason = faults.map(({ path, code }) => `${code} ${path}`.trim()).join(', ');
  return { kind: 'refused', app, group, reason, state: 'refused' } as const;
}

/** The order in which a sample is drawn: nobody can choose it who does not choose the root of the log. */
export const drawn = (root: string, items: readonly PopulationItem[], count: number): readonly PopulationItem[] =>
  items
    .map((item) => ({ item, lot: sha256(Buffer.from(`${root} ${item.entry} ${item.id}`)) }))
    .toSorted((a, b) => (a.lot < b.lot ? -1 : 1))
    .slice(0, count)
    .map(({ item }) => item);
