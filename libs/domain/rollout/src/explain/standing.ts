import { type Explanation, stageAt, weigh } from '@sluice/contracts';

import { budgetCause, unavailable, serving, targetsLeft, writtenOff, brakeLimit, room } from '../budget.js';
import { countOf, isFrozen, planOf, type RolloutState } from '../state.js';
import { nextActions } from '../transitions.js';
import { weighLost, weighRoom } from './brakes.js';
import { stageName } from './course.js';

type Part = Pick<Explanation, 'outcome' | 'rule' | 'inputs' | 'arithmetic' | 'threshold'>;

/** Why nothing more is admitted, or entered, now (ms since the epoch); the words are those of decisions. */
export function standingOf(state: RolloutState, now: number): Explanation {
  return { kind: 'hold', ...partOf(state, now) };
}

const plain = (outcome: string, rule: string, arithmetic: string): Part => ({ outcome, rule, inputs: {}, arithmetic });

function partOf(state: RolloutState, now: number): Part {
  switch (state.status) {
    case 'unplanned':
      return plain('not planned', 'plan: nothing is admitted before the plan is sealed', 'there is no plan');
    case 'planned':
      return plain(
        'waits for its group',
        'lease: one rollout of a group at a time',
        `${planOf(state).group} has not given it the lease`,
      );
    case 'running':
      return running(state, now);
    case 'awaiting-approval':
      return plain(
        `waits for the approval "${state.wanted ?? ''}"`,
        'approval: somebody else than the requester approves',
        `requested by ${planOf(state).requestedBy.id}; plan ${state.planHash.slice(0, 12)}`,
      );
    case 'paused':
      return plain('paused', 'pause: nothing is admitted until it is resumed', `${state.open.size} in a step go on`);
    case 'braked':
      return braked(state);
    case 'settling':
      return plain('ends', 'end: nothing more is admitted, what is in a step ends', `${state.open.size} in a step`);
    case 'succeeded':
    case 'failed':
    case 'cancelled':
    case 'closed':
      return plain(
        `ended: ${state.status}`,
        'end: it is over',
        `${nextActions(state).join(', ') || 'nothing'} is possible`,
      );
  }
}

function braked(state: RolloutState): Part {
  const { brake } = state;
  const shared = {
    outcome: `braked: ${brake?.kind ?? ''}`,
    rule: 'brake: nothing is admitted until it is released',
    inputs: { possible: nextActions(state).join(', ') },
  };
  if (budgetCause(state) === undefined) return { ...shared, arithmetic: brake?.words ?? '' };
  const { words, threshold } = weighLost(numbersOf(state), '>=');
  // A brake of the budget said the same with the numbers of then.
  const why = brake?.kind === 'budget' ? `${targetsLeft(state)} targets are left` : (brake?.words ?? '');
  return { ...shared, threshold, arithmetic: `${words}; ${why}` };
}

const numbersOf = (state: RolloutState) => ({
  lost: state.lostCount,
  writtenOff: writtenOff(state),
  limit: brakeLimit(state),
  maxUnavailable: state.maxUnavailable,
  failureLimit: state.failureLimit,
  unavailable: unavailable(state),
  serving: serving(state),
  minServing: planOf(state).budget.minServing,
});

function running(state: RolloutState, now: number): Part {
  if (isFrozen(state)) return frozen(state);
  const waits = waiting(state, now);
  if (waits !== undefined) return waits;
  const pending = countOf(state, 'pending');
  if (pending > 0 && room(state) <= 0) return full(state, pending);
  const stage = stageName(state, state.stage.index);
  const held = state.stage.gates.filter((gate) => !state.stage.passed.has(gate));
  if (state.stage.asked && held.length > 0)
    return plain(
      'waits for gates',
      'gates: all must pass',
      `${stage}: ${held.join(', ')} have not passed, round ${state.stage.round}`,
    );
  return plain(
    'goes on',
    'course: what is in a step ends, then the next thing follows',
    `${stage}: ${state.open.size} in a step, ${pending} pending`,
  );
}

function frozen({ freezes, overridden }: RolloutState): Part {
  const holding = [...freezes.values()].filter(({ freeze }) => !overridden.has(freeze));
  return {
    outcome: 'frozen',
    rule: 'freeze: nothing is admitted, nothing entered, no weight grows while it holds',
    inputs: { freezes: holding.length },
    arithmetic: holding
      .slice(0, 5)
      .map(({ freeze, words }) => `${freeze}: ${words}`)
      .join('; '),
  };
}

function waiting({ wait, stage, plan }: RolloutState, now: number): Part | undefined {
  const name = plan === undefined ? '' : (stageAt(plan, stage.index)?.name ?? `stage ${stage.index}`);
  if (stage.awaited && !stage.proceeded && !stage.entered)
    return plain('waits for a person', 'entry: in manual mode a person says proceed', `${name} waits for proceed`);
  if (wait === undefined || wait.until <= now) return undefined;
  const { words, threshold } = weigh({
    terms: [{ name: 'left (ms)', value: wait.until - now }],
    op: '>',
    limit: { name: 'wanted', value: 0 },
  });
  return {
    outcome: `waits (${wait.kind})`,
    rule: `wait: ${wait.kind} of ${name}`,
    inputs: { leftMs: wait.until - now },
    threshold,
    arithmetic: words,
  };
}

function full(state: RolloutState, pending: number): Part {
  const numbers = numbersOf(state);
  const { words, threshold } = weighRoom(numbers);
  const { unavailable: out, maxUnavailable, lost, serving: serves, minServing } = numbers;
  return {
    outcome: 'the budget is full',
    rule: 'admission: unavailable + 1 <= A and serving - 1 >= minServing for each that serves',
    inputs: {
      unavailable: out,
      maxUnavailable,
      lost,
      writtenOff: numbers.writtenOff,
      serving: serves,
      minServing,
      pending,
    },
    threshold,
    arithmetic: `${words}: ${state.open.size} in a step, ${lost} lost, ${pending} wait`,
  };
}
