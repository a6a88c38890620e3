import {
  type DecidedAgain,
  type Decision,
  decisionAt,
  type Explanation,
  metaAt,
  type PlanEvent,
  type RolloutEvent,
  type Traced,
  type TracedCommit,
} from '@sluice/contracts';

import { attemptOf } from '../evolve/targets.js';
import { evolveRollout } from '../evolve/evolve.js';
import { initialRollout, type RolloutState } from '../state.js';
import { decideAgain, leftOut } from './again/again.js';
import type { Evidence } from './again/recorded.js';
import { explainEvent } from './explain.js';
import { explainPlan } from './plan.js';
import { sightOf } from './told.js';

export interface TraceOptions {
  /** Decides again, on what the other streams held; absent: only explains. */
  readonly again?: Evidence;
}

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
      if (explanation !== undefined) decisions.push(decisionAt(commit, index, explanation));
    }
    return { decisions, again: [] };
  }

  private executed(commit: TracedCommit): Traced {
    const decisions: Decision[] = [];
    const again: DecidedAgain[] = [];
    const events = commit.events as readonly RolloutEvent[];
    let done = 0;
    for (const [index, event] of events.entries()) {
      if (this.again !== undefined && index >= done) {
        const recorded = { events, meta: commit.meta, at: commit.at };
        const decided = decideAgain({ state: this.state, recorded, i: index, evidence: this.again });
        again.push({ index, ...decided });
        done = index + decided.count;
      }
      const explanation = this.explained(event, commit, index);
      if (explanation !== undefined) decisions.push(decisionAt(commit, index, explanation));
    }
    const missing = this.again === undefined ? undefined : leftOut(this.state, { events, at: commit.at });
    if (missing !== undefined) again.push({ index: events.length, ...missing });
    return { decisions, again };
  }

  private explained(event: RolloutEvent, commit: TracedCommit, index: number): Explanation | undefined {
    const { at } = commit;
    const isFact = event.type === 'StepSucceeded' && attemptOf(this.state, event.target)?.run !== 'probe';
    if (isFact || this.state.plan === undefined) {
      this.state = evolveRollout(this.state, event, at);
      return undefined;
    }
    const before = sightOf(this.state, event);
    this.state = evolveRollout(this.state, event, at);
    return explainEvent({ event, before, state: this.state, at, by: metaAt(commit, index).by });
  }
}
