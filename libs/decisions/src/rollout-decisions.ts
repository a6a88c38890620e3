import {
  type DecidedAgain,
  type Decision,
  decisionAt,
  type Explanation,
  type GateEvent,
  type GroupEvent,
  groupStreamId,
  type Plan,
  type RollbackTarget,
  type Traced,
  type TracedCommit,
} from '@sluice/contracts';
import { type GroupState, GroupTrace, rollbackTarget } from '@sluice/group';
import { type RolloutState, RolloutTrace, standingOf } from '@sluice/rollout';

import { HeldEvidence } from './evidence.js';
import { explainVerdict, verifyVerdict } from './gates.js';

export interface DecisionsOptions {
  readonly id: string;
  /** Decides everything again, too. */
  readonly again?: boolean;
}

/** What a commit says of the rollout. `again` is empty unless it is decided again. */
export type Step = Traced;

const NOTHING: Step = { decisions: [], again: [] };

/**
 * Why a rollout went as it did: give it the commits of its own streams and of its group's in the order of the log, from
 * the beginning. It keeps the rollout's state, its group's, and, to decide again, what gates have said.
 */
export class RolloutDecisions {
  private readonly evidence = new HeldEvidence();
  private readonly rollout: RolloutTrace;
  /** By stream; once the rollout is planned, only that of its group. */
  private readonly groups = new Map<string, GroupTrace>();

  constructor(private readonly options: DecisionsOptions) {
    const isAgain = options.again === true;
    this.rollout = new RolloutTrace(isAgain ? { again: this.evidence } : {});
  }

  /** The rollout as the commits so far have left it. */
  get state(): RolloutState {
    return this.rollout.state;
  }

  /** Why nothing more is admitted, or entered, after the commits so far; `now` in ms since the epoch. */
  standing(now: number): Explanation {
    return standingOf(this.state, now);
  }

  /** Commits of other streams say nothing. */
  add(commit: TracedCommit): Step {
    const { writer, stream } = commit;
    if (writer === 'group') return this.ofGroup(commit);
    if (stream !== this.options.id) return NOTHING;
    switch (writer) {
      case 'plan':
        return this.planned(commit);
      case 'exec':
        this.look();
        return this.rollout.add({ ...commit, writer });
      case 'gate':
        return this.ofGate(commit);
      default:
        return NOTHING;
    }
  }

  private asked(id: string): Pick<Plan, 'version' | 'strategy'> | undefined {
    return id === this.options.id ? this.state.plan : undefined;
  }

  /** Of a group that is not known yet every one may be it. */
  private groupOf(stream: string): GroupTrace | undefined {
    const { plan } = this.state;
    if (plan !== undefined && groupStreamId(plan.group) !== stream) return undefined;
    const known = this.groups.get(stream);
    if (known !== undefined) return known;
    const fresh = new GroupTrace(this.options.again === true ? { planOf: (id) => this.asked(id) } : {});
    this.groups.set(stream, fresh);
    return fresh;
  }

  private planned(commit: TracedCommit): Step {
    const traced = this.rollout.add({ ...commit, writer: 'plan' });
    if (this.options.again !== true) return traced;
    return { ...traced, again: traced.decisions.map(planAgain) };
  }

  private ofGroup(commit: TracedCommit): Step {
    const group = this.groupOf(commit.stream);
    if (group === undefined) return NOTHING;
    const { decisions, again } = group.add(commit);
    const concerns = (index: number): boolean => this.concerns(commit.events[index] as GroupEvent | undefined);
    return {
      decisions: decisions.filter(({ index }) => concerns(index)),
      again: again.filter(({ index, count }) => range(index, count).some(concerns)),
    };
  }

  private concerns(event: GroupEvent | undefined): boolean {
    const { id } = this.options;
    if (event === undefined) return false;
    if (event.type === 'LeaseQueued' && event.behind === id) return true;
    return 'rolloutId' in event && event.rolloutId === id;
  }

  /** What the group gave it, as the executor saw it when the rollout started. */
  private look(): void {
    const { plan, status } = this.state;
    if (plan === undefined || status !== 'planned') return;
    const own = groupStreamId(plan.group);
    for (const stream of this.groups.keys()) if (stream !== own) this.groups.delete(stream);
    const group = this.groups.get(own);
    if (group !== undefined) this.evidence.give(leaseOf(plan, group.state));
  }

  private ofGate(commit: TracedCommit): Step {
    const decisions: Decision[] = [];
    const again: DecidedAgain[] = [];
    const { plan } = this.state;
    for (const [index, event] of (commit.events as readonly GateEvent[]).entries()) {
      if (this.options.again === true) this.evidence.gate(event);
      if (event.type !== 'GateJudged') continue;
      decisions.push(decisionAt(commit, index, explainVerdict(event, plan)));
      if (this.options.again !== true || plan === undefined) continue;
      const { same, words } = verifyVerdict(event, plan);
      again.push({ index, count: 1, verdict: same ? 'same' : 'differs', from: 'event', words });
    }
    return { decisions, again };
  }
}

function leaseOf(
  { rolloutId, strategy, version, restores, rollbackable }: Plan,
  group: GroupState,
): { readonly token: number; readonly rollbackTo?: RollbackTarget } | null {
  if (group.active !== rolloutId) return null;
  const starting = { strategy, version, ...(restores === undefined ? {} : { restores }) };
  const rollbackTo = rollbackable === false ? undefined : rollbackTarget(group, starting);
  return { token: group.token, ...(rollbackTo === undefined ? {} : { rollbackTo }) };
}

/** Of a plan only its hash and its budget can be computed anew: the inventory that it was made of is not in the log. */
function planAgain({ index, type, doubt }: Decision): DecidedAgain {
  const shared = { index, count: 1, from: 'event' } as const;
  if (doubt !== undefined) return { ...shared, verdict: 'differs', words: doubt };
  const words =
    type === 'RequestRefused'
      ? 'a request that was refused: the log has the hash of its document, not the document'
      : 'a plan: the log has its hash and its budget (they are right), not the inventory that it was made of';
  return { ...shared, verdict: 'undecidable', words };
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
