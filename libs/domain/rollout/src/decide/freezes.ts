import type { RolloutEvent } from '@sluice/contracts';
import { type Actor, isNamed, SluiceError } from '@sluice/kernel';

import type { HeldFreeze } from '../inputs.js';
import { isTerminal, type RolloutState } from '../state.js';

/** Freezes of one rollout at most: more hold it no better. */
const MAX_FREEZES = 100;

/** The freezes that hold now against those that are known. A rollback is never held: it is the way out. */
export function decideFreezes(
  state: RolloutState,
  held: readonly HeldFreeze[],
  over: readonly string[] = [...state.freezes.keys()],
): readonly RolloutEvent[] {
  const { plan, status, freezes } = state;
  if (plan === undefined || isTerminal(status) || status === 'settling' || plan.budget.advisory) return [];
  const now = held.slice(0, MAX_FREEZES);
  const thawed = [...freezes.keys()].filter(
    (freeze) => over.includes(freeze) && now.every((each) => each.freeze !== freeze),
  );
  const frozen = now.filter(({ freeze, until, words }) => {
    const known = freezes.get(freeze);
    return known?.until !== until || known.words !== words;
  });
  return [
    ...frozen.map(({ freeze, until, words }) => ({ type: 'RolloutFrozen', freeze, until, words }) as const),
    ...thawed.map((freeze) => ({ type: 'RolloutThawed', freeze }) as const),
  ];
}

/** Goes on in spite of the freezes that hold now; one that is declared later holds it again. Codes NOT_ALLOWED, REASON_NEEDED. */
export function hotfix({
  actor,
  reason,
}: {
  readonly actor: Actor;
  readonly reason?: string;
}): readonly RolloutEvent[] {
  if (!isNamed(actor)) {
    throw new SluiceError(
      'NOT_ALLOWED',
      `a hotfix needs a name, and ${actor.id} is none: say who you are (--actor user:NAME), or use a token`,
    );
  }
  if (reason === undefined || reason.trim() === '')
    throw new SluiceError('REASON_NEEDED', 'a hotfix needs a reason: it stays in the history');
  return [{ type: 'FreezeOverridden', by: actor.id, reason }];
}
