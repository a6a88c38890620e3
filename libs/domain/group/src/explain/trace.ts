import {
  type DecidedAgain,
  type Decision,
  decisionAt,
  type GroupEvent,
  type Traced,
  type TracedCommit,
} from '@sluice/contracts';

import { evolveGroup } from '../evolve.js';
import { type GroupState, initialGroup } from '../state.js';
import { decideGroupAgain, type PlanLookup } from './again.js';
import { explainGroup } from './explain.js';

/** Folds a group with the code that decides it, and says of each event why it is as it is. */
export class GroupTrace {
  state: GroupState = initialGroup();
  private readonly planOf: PlanLookup | undefined;

  /** `planOf`: decides again; absent: only explains. */
  constructor({ planOf }: { readonly planOf?: PlanLookup } = {}) {
    this.planOf = planOf;
  }

  add(commit: TracedCommit): Traced {
    const decisions: Decision[] = [];
    const again: DecidedAgain[] = [];
    const events = commit.events as readonly GroupEvent[];
    const { meta } = commit;
    let done = 0;
    for (const [index, event] of events.entries()) {
      if (this.planOf !== undefined && index >= done) {
        const decided = decideGroupAgain({ state: this.state, events, meta, i: index, planOf: this.planOf });
        again.push({ index, ...decided });
        done = index + decided.count;
      }
      const explanation = explainGroup(event, this.state);
      if (explanation !== undefined) decisions.push(decisionAt(commit, index, explanation));
      this.state = evolveGroup(this.state, event);
    }
    return { decisions, again };
  }
}
