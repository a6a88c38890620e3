import { type BrakeCause, type Explanation, weigh } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

import { planOf, type RolloutState } from '../state.js';
import { differing, doubted, hostAt, hostsAt, type Of, type Sight, type Told } from './told.js';

type Brake = Told<Of<'RolloutBraked'>>;
type Part = Omit<Explanation, 'kind' | 'outcome'>;

/** Why it braked: the rule of the cause's kind with the numbers that the log before it makes, not those that it names. */
export function explainBrake(told: Brake): Explanation {
  return { kind: 'brake', outcome: `braked: ${told.event.cause.kind}`, ...partOf(told) };
}

function partOf(told: Brake): Part {
  const { cause } = told.event;
  switch (cause.kind) {
    case 'budget':
      return budget(told, cause);
    case 'canary':
      return canary(told, cause);
    case 'gate':
      return gate(told, cause);
    case 'capacity':
      return told.state.traffic === undefined ? capacity(told, cause) : sideCapacity(told, cause);
    case 'log':
      return log(cause);
    case 'dependency':
      return {
        rule: 'brake: a dependency that the plan requires is down or does not do its part',
        inputs: { ...lostHosts(told.state, cause) },
        arithmetic: cause.words,
      };
    case 'ramp':
      return {
        rule: 'brake: the variable is not where the ramp would have it, and somebody else has done that',
        inputs: cause.numbers,
        arithmetic: cause.words,
      };
    default:
      return unreachable(cause.kind, 'kind of brake');
  }
}

const lostHosts = (state: RolloutState, { targets = [] }: BrakeCause): Readonly<Record<string, string>> =>
  targets.length === 0 ? {} : { hosts: hostsAt(state, targets) };

function unsound(holds: boolean, differs: string | undefined): string | undefined {
  const words = holds ? [] : ['the rule does not hold'];
  return [...words, ...(differs === undefined ? [] : [differs])].join('; ') || undefined;
}

/** lost - written off against min(A, T): the same line before a brake and after it. */
export function weighLost(
  sight: Pick<Sight, 'lost' | 'writtenOff' | 'limit' | 'maxUnavailable' | 'failureLimit'>,
  op: '>=' | '<',
) {
  const { lost, writtenOff, limit, maxUnavailable: A, failureLimit: T } = sight;
  const terms = [
    { name: 'lost', value: lost },
    { name: 'written off', value: writtenOff, minus: true as const },
  ];
  const weighed = weigh({ terms, op, limit: { name: 'limit', value: limit } });
  return { ...weighed, words: `${weighed.words} = min(A ${A}, T ${T})` };
}

function budget({ before, state }: Brake, cause: BrakeCause): Part {
  const { lost, writtenOff, limit, maxUnavailable, failureLimit, members, left } = before;
  const numbers = { lost, writtenOff, limit, maxUnavailable, failureLimit, members, left };
  const { holds, threshold, words } = weighLost(before, '>=');
  return {
    rule: 'brake: lost - written off >= min(A, T) while targets are left',
    inputs: { ...numbers, ...lostHosts(state, cause) },
    threshold,
    arithmetic: `${words} of ${members} members; ${left} targets are left`,
    ...doubted(unsound(holds && left > 0, differing(cause.numbers, numbers))),
  };
}

function canary({ before, state }: Brake, cause: BrakeCause): Part {
  const { canaries, budget: planned } = planOf(state);
  const numbers = { failed: before.canariesFailed, forgiven: before.extraFailures - planned.extraFailures, canaries };
  const { holds, threshold, words } = weigh({
    terms: [{ name: 'failed canaries', value: numbers.failed }],
    op: '>',
    limit: { name: 'forgiven', value: numbers.forgiven },
  });
  return {
    rule: 'brake: a canary failed, and nobody has taken that on',
    inputs: { ...numbers, ...lostHosts(state, cause) },
    threshold,
    arithmetic: `${words}${firstFailure(state, cause)}`,
    ...doubted(unsound(holds, differing(cause.numbers, numbers))),
  };
}

function firstFailure(state: RolloutState, { targets: [first] = [] }: BrakeCause): string {
  const failure = first === undefined ? undefined : state.failures.get(first);
  if (first === undefined || failure === undefined) return '';
  const { step, code, message } = failure;
  return `: ${hostAt(state, first)} failed at ${step}, ${message} [${code}]`;
}

function gate({ before, state }: Brake, cause: BrakeCause): Part {
  const { failedGate } = before;
  const { stage } = state;
  const round = failedGate?.phase === 'during' ? stage.releases + 1 : stage.round;
  const numbers = { stage: stage.index, round };
  const differs = differing(cause.numbers, numbers);
  return {
    rule: 'brake: a gate that decides has failed',
    inputs: {
      ...numbers,
      ...(failedGate === undefined ? {} : { gate: failedGate.gate, when: failedGate.phase ?? 'exit' }),
    },
    arithmetic: failedGate?.words ?? cause.words,
    ...doubted(unsound(failedGate !== undefined, differs)),
  };
}

/** Nothing is in a step, something is left, and nothing of it may be admitted. */
function capacity({ before, state }: Brake, cause: BrakeCause): Part {
  const { unavailable, maxUnavailable, serving, members } = before;
  const { minServing } = planOf(state).budget;
  const numbers = { unavailable, maxUnavailable, serving, minServing, members };
  const weighed = weighRoom({ ...before, minServing });
  return {
    rule: 'brake: nothing is in a step, targets are left, and none may be admitted',
    inputs: { ...numbers, inStep: before.inStep },
    threshold: weighed.threshold,
    arithmetic: weighed.words,
    ...doubted(unsound(weighed.holds && before.inStep === 0, differing(cause.numbers, numbers))),
  };
}

/** Why no serving member may be taken out: by A, else by the floor. `holds`: it may not. */
export function weighRoom(
  sight: Pick<Sight, 'unavailable' | 'maxUnavailable' | 'serving' | 'lost' | 'writtenOff'> & {
    readonly minServing: number;
  },
): ReturnType<typeof weigh> {
  const { unavailable, maxUnavailable: A, serving, minServing } = sight;
  const byShare = weigh({
    terms: [
      { name: 'unavailable', value: unavailable },
      { name: 'one more', value: 1 },
    ],
    op: '>',
    limit: { name: 'A', value: A },
  });
  if (byShare.holds) return byShare;
  return weigh({
    terms: [
      { name: 'serving', value: serving },
      { name: 'one more', value: 1, minus: true },
    ],
    op: '<',
    limit: { name: 'minServing', value: minServing },
  });
}

function sideCapacity({ before, state, at }: Brake, cause: BrakeCause): Part {
  const within = planOf(state).traffic?.readyWithinMs ?? 0;
  const waited = at - ((before.wait?.until ?? at) - within);
  const { holds, threshold, words } = weigh({
    terms: [{ name: 'waited (ms)', value: waited }],
    op: '>=',
    limit: { name: 'ready within (ms)', value: within },
  });
  return {
    rule: 'brake: a side of the traffic is not ready within its time',
    inputs: cause.numbers,
    threshold,
    arithmetic: `${words}: ${cause.words}`,
    ...doubted(unsound(holds && before.wait?.kind === 'capacity', undefined)),
  };
}

function log(cause: BrakeCause): Part {
  const { seen = 0, position = 0 } = cause.numbers;
  const { holds, threshold, words } = weigh({
    terms: [{ name: 'the log ends at position', value: position }],
    op: '<',
    limit: { name: 'read before: position', value: seen },
  });
  return {
    rule: 'brake: the log lost its tail',
    inputs: cause.numbers,
    threshold,
    arithmetic: `${words}; ${cause.words}`,
    ...doubted(unsound(holds, undefined)),
  };
}
