import { type Explanation, weigh } from '@sluice/contracts';

import { serving as servingNow, unavailable, writtenOff } from '../budget.js';
import { countOf, planOf, type RolloutState } from '../state.js';
import { weighLost } from './brakes.js';
import { because, change, doubted, hostAt, hostsAt, type Of, plural, type Sight, type Told } from './told.js';

const RUN_WORDS = { roll: 'admitted', probe: 'looked at', enable: 'enabled' } as const;

export function explainAdmission({ event, before, state }: Told<Of<'TargetsAdmitted'>>): Explanation {
  const { targets, run } = event;
  const { minServing } = planOf(state).budget;
  const taken = unavailable(state) - before.unavailable;
  const byShare = weigh({
    terms: [{ name: 'unavailable', value: before.unavailable }, change('taken out', taken)],
    op: '<=',
    limit: { name: 'A', value: before.maxUnavailable },
  });
  const floor = weigh({
    terms: [{ name: 'serving', value: before.serving }, change('taken out', servingNow(state) - before.serving)],
    op: '>=',
    limit: { name: 'minServing', value: minServing },
  });
  const isOver = before.fresh > 0 && !(byShare.holds && floor.holds) && run === 'roll';
  return {
    kind: 'admission',
    outcome: `${plural(targets.length, 'target')} ${RUN_WORDS[run]}`,
    rule: 'admission: unavailable + 1 <= A and serving - 1 >= minServing for each that serves; what is out of service costs nothing',
    inputs: {
      targets: targets.length,
      hosts: hostsAt(state, targets),
      unavailable: before.unavailable,
      maxUnavailable: before.maxUnavailable,
      serving: before.serving,
      minServing,
      lost: before.lost,
      writtenOff: before.writtenOff,
      waiting: countOf(state, 'pending'),
    },
    threshold: byShare.threshold,
    arithmetic: [
      byShare.words,
      ...(minServing > 0 ? [floor.words] : []),
      ...(targets.length > before.fresh
        ? [`${targets.length - before.fresh} of ${targets.length} were out of service and cost nothing`]
        : []),
    ].join('; '),
    ...doubted(isOver ? 'more were taken out than the budget allows' : undefined),
  };
}

/** How many more are lost by it, against the limit that brakes. */
function lostBy({ before, state }: { readonly before: Sight; readonly state: RolloutState }) {
  const off = writtenOff(state);
  const { threshold, words } = weigh({
    terms: [
      { name: 'lost', value: before.lost },
      change('by this', state.lostCount - before.lost),
      { name: 'written off', value: off, minus: true },
    ],
    op: '<',
    limit: { name: 'limit', value: before.limit },
  });
  const { limit, members } = before;
  return { inputs: { lost: state.lostCount, writtenOff: off, limit, members }, threshold, words };
}

export function explainStepFailed(told: Told<Of<'StepFailed'>>): Explanation {
  const { event, state } = told;
  const { step, n, code, message, again } = event;
  if (again !== undefined) return triedAgain(told, again);
  const { inputs, threshold, words } = lostBy(told);
  return {
    kind: 'failure',
    outcome: event.serving ? 'failed, and serves' : 'failed, and does not serve: lost',
    rule: 'failure: a target that failed and does not serve is lost',
    inputs: { host: hostAt(state, event.target), step, try: n, code, ...inputs },
    threshold,
    arithmetic: `${step} failed: ${message} [${code}]; ${words}`,
  };
}

function triedAgain({ event, state }: Told<Of<'StepFailed'>>, again: number): Explanation {
  const { step, n, code, message } = event;
  const tries = planOf(state).stepRetries?.[step] ?? 0;
  const inputs = { host: hostAt(state, event.target), step, try: n, code, tries };
  const shared = { kind: 'failure', outcome: 'tried again', inputs } as const;
  if (again === 0)
    return {
      ...shared,
      rule: 'failure: what fails because a dependency is down is done again, and uses up no try',
      arithmetic: `${step} failed: ${message} [${code}]`,
    };
  const { threshold, words, holds } = weigh({
    terms: [{ name: 'retry', value: again }],
    op: '<=',
    limit: { name: `retries of ${step}`, value: tries },
  });
  return {
    ...shared,
    rule: 'failure: a step that failed is tried again while the plan has tries left',
    threshold,
    arithmetic: `${words}; ${message} [${code}]`,
    ...doubted(holds ? undefined : 'the plan has no such try'),
  };
}

export function explainUnknown(told: Told<Of<'TargetUnknown'>>): Explanation {
  const { event, state, before, at } = told;
  const { inputs, threshold, words } = lostBy(told);
  const late = at - (before.attempt?.deadline ?? at);
  const why = event.code === 'DEADLINE' ? `no result ${late} ms after its deadline` : 'its agent cannot be reached';
  return {
    kind: 'failure',
    outcome: 'unknown: lost until it answers',
    rule: 'failure: a target without a result by its deadline, or whose agent cannot be reached, is lost',
    inputs: { host: hostAt(state, event.target), step: event.step, try: event.n, code: event.code, ...inputs },
    threshold,
    arithmetic: `${why}; ${words}`,
    ...doubted(event.code === 'DEADLINE' && late < 0 ? 'its deadline had not come' : undefined),
  };
}

const HEARTBEATS = {
  TargetsSilent: {
    outcome: 'silent: lost',
    rule: 'failure: a host that served and is not heard of is lost until it is',
  },
  TargetsHeard: { outcome: 'heard of again', rule: 'failure: a host that is heard of again is not lost' },
  TargetsLost: { outcome: 'given up: failed', rule: 'failure: an unknown target is given up at its second deadline' },
} as const;

export function explainHeartbeats(told: Told<Of<'TargetsSilent' | 'TargetsHeard' | 'TargetsLost'>>): Explanation {
  const { event, state } = told;
  const { inputs, threshold, words } = lostBy(told);
  const { outcome, rule } = HEARTBEATS[event.type];
  return {
    kind: 'failure',
    outcome: `${plural(event.targets.length, 'target')} ${outcome}`,
    rule,
    inputs: { hosts: hostsAt(state, event.targets), ...inputs },
    threshold,
    arithmetic: words,
  };
}

/** A look at the host showed that it runs the version: nothing of it is touched (TAR-24). */
export function explainSkipped({ event, state }: Told<Of<'StepSucceeded'>>): Explanation {
  const { version } = planOf(state);
  const from = state.targets[event.target]?.from;
  return {
    kind: 'skip',
    outcome: 'skipped',
    rule: 'skip: the version runs already, started after its install, and verify passes',
    inputs: {
      host: hostAt(state, event.target),
      version,
      try: event.n,
      ...(from === undefined ? {} : { planned: from }),
    },
    arithmetic: `its agent says that ${version} runs, the plan wants ${version}`,
  };
}

export const explainDrainSkipped = ({ event, state }: Told<Of<'DrainSkipped'>>): Explanation => ({
  kind: 'skip',
  outcome: `${event.step} skipped`,
  rule: 'skip: the plan goes on without its balancer (degrade)',
  inputs: { host: hostAt(state, event.target), step: event.step, dependency: event.dependency, try: event.n },
  arithmetic: `${event.dependency} does not answer: ${event.words}`,
});

export const explainSkipOrdered = ({ event, state, by }: Told<Of<'SkipOrdered'>>): Explanation => ({
  kind: 'skip',
  outcome: 'skip ordered',
  rule: 'skip: a failed target is looked at, and skipped only when the version runs there',
  inputs: { host: hostAt(state, event.target) },
  arithmetic: `${by.id} has it looked at`,
  ...because(event.reason),
});

export function explainWaived({ event, state, before }: Told<Of<'VerifyWaived'>>): Explanation {
  const after = { ...before, lost: state.lostCount, writtenOff: writtenOff(state) };
  const { threshold, words } = weighLost(after, '<');
  return {
    kind: 'release',
    outcome: 'verify waived',
    rule: 'waive: a failed verify serves all the same in the name of somebody who answers for it',
    inputs: { host: hostAt(state, event.target), answers: event.by, lost: after.lost, limit: before.limit },
    threshold,
    arithmetic: words,
    ...because(event.reason),
  };
}
