import { type Explanation, weigh } from '@sluice/contracts';

import { budgetFor } from '../budget.js';
import { planOf } from '../state.js';
import { because, change, differing, doubted, hostAt, hostsAt, type Of, plural, type Told } from './told.js';

const BUDGET_RULE =
  'budget: A = max(1, floor(G * p / 100)), T = max(1, ceil(G * threshold / 100)); an override adds to what is taken on';

/** G is another, or somebody takes on failures. */
export function explainBudget({ event, before, state }: Told<Of<'BudgetChanged'>>): Explanation {
  const { members, maxUnavailable, failureLimit, extraFailures } = event;
  const added = extraFailures - before.extraFailures;
  const isOverride = members === before.members;
  const { words, threshold } = weigh({
    terms: isOverride
      ? [{ name: 'taken on', value: before.extraFailures }, change('by this', added)]
      : [{ name: 'members', value: before.members }, change('by this', members - before.members)],
    op: '=',
    limit: isOverride ? { name: 'taken on now', value: extraFailures } : { name: 'members now', value: members },
  });
  const kept = { maxUnavailable: before.maxUnavailable, failureLimit: before.failureLimit };
  const made = isOverride ? kept : budgetFor({ ...state, members: before.members }, members);
  const { percent, failureThresholdPercent } = planOf(state).budget;
  return {
    kind: isOverride ? 'release' : 'member',
    outcome: isOverride ? `${plural(added, 'failure')} taken on` : `G ${members}`,
    rule: BUDGET_RULE,
    inputs: { members, percent, failureThresholdPercent, maxUnavailable, failureLimit, extraFailures },
    threshold,
    arithmetic: `${words}; A ${maxUnavailable}, T ${failureLimit}`,
    ...because(event.reason),
    ...doubted(differing({ maxUnavailable, failureLimit }, made)),
  };
}

export const explainExcluded = ({ event, state }: Told<Of<'TargetExcluded'>>): Explanation => ({
  kind: 'member',
  outcome: 'excluded',
  rule: 'exclude: a host that is out of its group gets no commands and is no member',
  inputs: { host: hostAt(state, event.target) },
  arithmetic: `${hostAt(state, event.target)} leaves G`,
  ...because(event.reason),
});

export function explainSynced({ event, before }: Told<Of<'MembersSynced'>>): Explanation {
  const { gone, back, batches, problem } = event;
  const added = batches.reduce((sum, [size, times]) => sum + size * times, 0);
  const { words } = weigh({
    terms: [
      { name: 'members', value: before.members },
      { name: 'gone', value: gone.length, minus: true },
      { name: 'back', value: back.length },
      { name: 'new', value: added },
    ],
    op: '=',
    limit: { name: 'members now', value: before.members - gone.length + back.length + added },
  });
  return {
    kind: 'member',
    outcome: problem === undefined ? 'group looked at again' : 'goes on with the members that it has',
    rule: 'retry: the members of the group are looked at again first',
    inputs: { gone: gone.length, back: back.length, new: added },
    arithmetic: problem ?? words,
  };
}

export const explainJoined = ({ event: { members } }: Told<Of<'MembersJoined'>>): Explanation => ({
  kind: 'member',
  outcome: `${plural(members.length, 'host')} joined`,
  rule: 'members: who joins in mid-rollout is no target of it until a retry',
  inputs: { hosts: members.length },
  arithmetic: members
    .slice(0, 5)
    .map(({ host, running }) => `${host} runs ${running ?? 'nothing'}`)
    .join(', '),
});

export const explainArrival = ({ event: { from, targets } }: Told<Of<'MembersAdded'>>): Explanation => ({
  kind: 'member',
  outcome: `${plural(targets.length, 'new member')} noted`,
  rule: 'members: new ones are in the log before the retry that takes them',
  inputs: { from, hosts: targets.length },
  arithmetic: `places ${from} to ${from + targets.length - 1}`,
});

export function explainRetry({ event, state }: Told<Of<'RetryOrdered'>>): Explanation {
  const { redo, probe } = event;
  return {
    kind: 'release',
    outcome: 'retry ordered',
    rule: 'retry: only what failed is done again; hosts of the same batches that are well are looked at, not touched',
    inputs: { redo: redo.length, probe: probe.length, again: hostsAt(state, redo), looked: hostsAt(state, probe) },
    arithmetic: `${plural(redo.length, 'target')} to do again, ${plural(probe.length, 'target')} to look at`,
    ...because(event.reason),
  };
}
