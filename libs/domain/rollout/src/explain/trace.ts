import {
  type Decision,
  decisionId,
  type DomainEvent,
  type EventMeta,
  type Explanation,
  type PlanEvent,
  type RolloutEvent,
} from '@sluice/contracts';

import { attemptOf } from '../evolve/targets.js';
import { evolveRollout } from '../evolve/evolve.js';
import { initialRollout, type RolloutState } from '../state.js';
import { type DecidedAgain, decideAgain } from './again/again.js';
import type { Evidence } from './again/recorded.js';
import { explainEvent } from './explain.js';
import { explainPlan } from './plan.js';
import { sightOf } from './told.js';

/** A commit of a rollout's own streams as the log holds it. */
export interface TracedCommit {
  readonly writer: 'plan' | 'exec';
  readonly stream: string;
  readonly rev: number;
  readonly position: number;
  /** ms since the epoch. */
  readonly at: number;
  readonly events: readonly DomainEvent[];
  readonly meta: readonly EventMeta[];
}

export interface TraceOptions {
  /** Decides again, on what the other streams held; absent: only explains. */
  readonly again?: Evidence;
}

/** What came of deciding again the event at `index` of the commit and those after it. */
export interface Redone extends DecidedAgain {
  readonly index: number;
}

export interface Traced {
  readonly decisions: readonly Decision[];
  /** Empty unless it decides again. */
  readonly redone: readonly Redone[];
}

const UNKNOWN: EventMeta = { by: { id: 'unknown', kind: 'service' }, cause: '', corr: '' };

/**
 * Folds a rollout with the code that decides it, commit by commit in the order of the log, and says of each event why it
 * is as it is. What it keeps is the rollout's state.
 */
export class RolloutTrace {
  state: RolloutState = initialRollout();
  private readonly again: Evidence | undefined;

  constructor({ again }: TraceOptions = {}) {
    this.again = again;
  }

  add(commit: TracedCommit): Traced {
    return commit.writer === 'plan' ? this.planned(commit) : this.executed(commit);
  }

  private planned(commit: TracedCommit): Traced {
    const decisions: Decision[] = [];
    for (const [index, event] of (commit.events as readonly PlanEvent[]).entries()) {
      this.state = evolveRollout(this.state, event, commit.at);
      const explanation = explainPlan(event, this.state);
      if (explanation !== undefined) decisions.push(placed(commit, index, explanation));
    }
    return { decisions, redone: [] };
  }

  private executed(commit: TracedCommit): Traced {
    const decisions: Decision[] = [];
    const redone: Redone[] = [];
    const events = commit.events as readonly RolloutEvent[];
    let done = 0;
    for (const [index, event] of events.entries()) {
      if (this.again !== undefined && index >= done) {
        const recorded = { events, meta: commit.meta, at: commit.at };
        const again = decideAgain({ state: this.state, recorded, i: index, evidence: this.again });
        redone.push({ index, ...again });
        done = index + again.count;
      }
      const explanation = this.explained(event, commit, index);
      if (explanation !== undefined) decisions.push(placed(commit, index, explanation));
    }
    return { decisions, redone };
  }

  private explained(event: RolloutEvent, { at, meta }: TracedCommit, index: number): Explanation | undefined {
    const isFact = event.type === 'StepSucceeded' && attemptOf(this.state, event.target)?.run !== 'probe';
    if (isFact || this.state.plan === undefined) {
      this.state = evolveRollout(this.state, event, at);
      return undefined;
    }
    const before = sightOf(this.state, event);
    this.state = evolveRollout(this.state, event, at);
    return explainEvent({ event, before, state: this.state, at, by: (meta[index] ?? UNKNOWN).by });
  }
}

function placed(
  { writer, stream, rev, position, at, events, meta }: TracedCommit,
  index: number,
  why: Explanation,
): Decision {
  const { by, cause } = meta[index] ?? UNKNOWN;
  const place = { writer, stream, rev, index };
  return {
    id: decisionId(place),
    ...place,
    position,
    at,
    type: events[index]?.type ?? 'RolloutPlanned',
    by,
    cause,
    ...why,
  };
}
