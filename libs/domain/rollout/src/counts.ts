import type { Stage, TargetCounts } from '@sluice/contracts';

import { countOf, phaseAt, type RolloutState } from './state.js';

/** How many targets stand where; what is pending counts as untouched, what is held as unknown to nobody but the stage. */
export function counts(state: RolloutState): TargetCounts {
  return {
    done: countOf(state, 'done'),
    skipped: countOf(state, 'skipped'),
    failed: countOf(state, 'failed') + countOf(state, 'verified'),
    unknown: countOf(state, 'unknown'),
    excluded: countOf(state, 'excluded'),
    untouched: countOf(state, 'pending') + countOf(state, 'untouched'),
  };
}

/** The same for the targets of one stage. */
export function stageCounts(state: RolloutState, stage: Pick<Stage, 'from' | 'to'>): TargetCounts {
  const tally = { done: 0, skipped: 0, failed: 0, unknown: 0, excluded: 0, untouched: 0 };
  for (let target = stage.from; target < stage.to; target += 1) {
    const phase = phaseAt(state, target);
    if (phase === 'done' || phase === 'skipped' || phase === 'failed' || phase === 'unknown' || phase === 'excluded')
      tally[phase] += 1;
    else tally.untouched += 1;
  }
  return tally;
}

/** Every target that was ever admitted and is still a member, and those among them that do not serve. */
export function touchedTargets(state: RolloutState): { readonly targets: number[]; readonly down: number[] } {
  const targets: number[] = [];
  const down: number[] = [];
  for (let target = 0; target < state.attempts.length; target += 1) {
    if ((state.attempts[target] ?? 0) === 0 || phaseAt(state, target) === 'excluded') continue;
    targets.push(target);
    if (state.out[target] === 1) down.push(target);
  }
  return { targets, down };
}
