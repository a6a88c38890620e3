import { type Explanation, type TargetCounts, weigh } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

import { planOf } from '../state.js';
import { because, doubted, hostsAt, type Of, plural, type Told } from './told.js';

type Ended = Of<'RolloutSucceeded' | 'RolloutFailed' | 'RolloutCancelled'>;

const ENDS = {
  RolloutSucceeded: { outcome: 'succeeded', rule: 'end: all stages have passed and no target failed' },
  RolloutFailed: { outcome: 'failed', rule: 'end: all stages have passed, and some targets failed' },
  RolloutCancelled: { outcome: 'cancelled', rule: 'end: it was to end, and nothing is in a step any more' },
} as const;

const inWords = (counts: TargetCounts): string =>
  Object.entries(counts)
    .filter(([, count]: [string, number]) => count > 0)
    .map(([name, count]: [string, number]) => `${count} ${name}`)
    .join(', ');

export function explainEnd(told: Told<Ended>): Explanation {
  const { event, before, state } = told;
  const { counts } = event;
  const { outcome, rule } = ENDS[event.type];
  const down = event.type === 'RolloutSucceeded' ? [] : event.notServing;
  const { arithmetic, doubt, ...weighed } = event.type === 'RolloutCancelled' ? settledOf(told) : failedOf(told);
  const busy = before.inStep === 0 ? [] : [`${before.inStep} were in a step`];
  const rest = [
    inWords(counts) || 'no targets',
    ...(down.length === 0 ? [] : [`not serving: ${hostsAt(state, down)}`]),
  ];
  return {
    kind: 'end',
    outcome: event.type === 'RolloutCancelled' ? `${outcome} (${event.cause})` : outcome,
    rule,
    inputs: { ...counts, notServing: down.length, inStep: before.inStep },
    ...weighed,
    arithmetic: [arithmetic, ...rest].join('; '),
    ...doubted([...(doubt === undefined ? [] : [doubt]), ...busy].join('; ') || undefined),
  };
}

type Weighed = Pick<Explanation, 'arithmetic' | 'threshold' | 'doubt'>;

const settledOf = ({ before }: Told<Ended>): Weighed => ({ arithmetic: inStep(before.inStep) });

function failedOf({ event: { counts, type } }: Told<Ended>): Weighed {
  const { holds, threshold, words } = weigh({
    terms: [
      { name: 'failed', value: counts.failed },
      { name: 'unknown', value: counts.unknown },
    ],
    op: type === 'RolloutFailed' ? '>' : '=',
    limit: { name: 'allowed', value: 0 },
  });
  return { threshold, arithmetic: words, ...doubted(holds ? undefined : 'the rule does not hold') };
}

/** Says what is the case, whatever was recorded. */
export const inStep = (count: number): string =>
  weigh({ terms: [{ name: 'in a step', value: count }], op: '=', limit: { name: 'allowed', value: 0 } }).words;

const SETTLING = {
  cancelled: 'end: somebody cancels it: nothing more is admitted, what is in a step ends',
  superseded: 'supersede: a newer rollout of the group takes over: the old one ends first',
  rollback: 'rollback: it ends, then what it found is restored',
  rejected: 'end: it was rejected, or its group does not let it start',
} as const;

export const explainSettling = ({ event, before, by }: Told<Of<'RolloutSettling'>>): Explanation => ({
  kind: event.cause === 'rollback' ? 'rollback' : event.cause === 'superseded' ? 'lease' : 'end',
  outcome: `to end: ${event.cause}`,
  rule: SETTLING[event.cause],
  inputs: {
    ...{ inStep: before.inStep, left: before.left },
    ...(before.brake === undefined || before.status !== 'braked' ? {} : { brake: before.brake.kind }),
    ...(event.by === undefined ? {} : { successor: event.by }),
  },
  arithmetic: `${by.id} ends it: ${plural(before.inStep, 'target')} in a step, ${before.left} left`,
  ...because(event.reason),
});

export const explainClosed = ({ event, by }: Told<Of<'RolloutClosed'>>): Explanation => ({
  kind: 'end',
  outcome: `closed (${event.cause})`,
  rule: 'end: a failed rollout is closed by a person, or by the next rollout of its group',
  inputs: {},
  arithmetic: `closed by ${by.id}`,
  ...because(event.reason),
});

export function explainRollback({ event, state }: Told<Of<'RollbackRequested'>>): Explanation {
  const { to, targets, down, ordinal } = event;
  const known = state.rollbackTo;
  const isFixed = known?.rolloutId === to.rolloutId && known.version === to.version;
  return {
    kind: 'rollback',
    outcome: `back to ${to.version}`,
    rule: 'rollback: what was found at the start is restored on every target that was touched; those that do not serve go first',
    inputs: { version: to.version, of: to.rolloutId, targets: targets.length, down: down.length, ordinal },
    arithmetic: `rollback ${ordinal} of ${planOf(state).version}: ${plural(targets.length, 'target')} touched, ${down.length} of them down`,
    ...because(event.reason),
    ...doubted(isFixed ? undefined : 'another version was fixed at the start'),
  };
}

export function explainReleased(told: Told<Of<'BrakeReleased'>>): Explanation {
  const { event, before } = told;
  const { brake } = before;
  return {
    kind: 'release',
    outcome: `brake released by ${event.by}`,
    rule: RELEASES[event.by],
    inputs: {
      ...{ brake: brake?.kind ?? 'none', lost: before.lost, extraFailures: before.extraFailures },
      ...{ writtenOff: before.writtenOff, limit: before.limit },
    },
    ...freed(told),
    ...because(event.reason),
  };
}

const RELEASES = {
  retry: 'release: what failed is done again or looked at',
  resume: 'release: a person goes on; with a brake of the budget only while nothing would brake',
  override: 'release: failures were taken on, and nothing would brake any more',
  waive: 'release: without the waived failure nothing would brake any more',
} as const;

/** Only a brake of the budget or of a canary has to be free before it is released. */
function freed({ event, before }: Told<Of<'BrakeReleased'>>): Pick<Explanation, 'arithmetic' | 'threshold' | 'doubt'> {
  const { brake } = before;
  if (brake === undefined) return { arithmetic: 'there was no brake', ...doubted('there was no brake') };
  const { holds, threshold, words } = weigh({
    terms: [
      { name: 'lost', value: before.lost },
      { name: 'written off', value: before.writtenOff, minus: true },
    ],
    op: '<',
    limit: { name: 'limit', value: before.limit },
  });
  switch (event.by) {
    case 'retry':
      return { arithmetic: `${words}: what failed is tried again` };
    case 'resume':
    case 'override':
    case 'waive': {
      const ofBudget = brake.kind === 'budget' || brake.kind === 'canary' || brake.kind === 'log';
      const isWrong = ofBudget && !holds && before.left > 0;
      return { threshold, arithmetic: words, ...doubted(isWrong ? 'the budget would brake at once' : undefined) };
    }
    default:
      return unreachable(event.by, 'way to release a brake');
  }
}
