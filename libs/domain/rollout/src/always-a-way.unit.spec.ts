import type { RolloutCommand, RolloutCommandType, Verdict } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { serving } from './budget.js';
import { retraced } from './explain/retraced.suite.js';
import { Machine, type PlanShape } from './fixtures/machine.js';
import { frozen } from './fixtures/shift.js';
import { nextDeadline } from './decide/reports.js';
import { countOf, isFrozen, isTerminal, type OpenAttempt, phaseAt, planOf, type RolloutState } from './state.js';
import { nextActions } from './transitions.js';

const shapes: fc.Arbitrary<PlanShape> = fc
  .record({
    canaries: fc.nat(2),
    batches: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
    percent: fc.constantFrom(10, 25, 50, 100),
    intervalMs: fc.constantFrom(0, 30_000),
    bakeMs: fc.constantFrom(0, 45_000),
    manual: fc.boolean(),
    gated: fc.boolean(),
    policy: fc.boolean(),
    advisory: fc.boolean(),
    minServing: fc.constantFrom(0, 0, 1, 3),
    failureThresholdPercent: fc.constantFrom(5, 50, 100),
    extraFailures: fc.constantFrom(0, 0, 2),
    retries: fc.constantFrom(0, 0, 2),
    waive: fc.boolean(),
    drained: fc.uniqueArray(fc.nat(8), { maxLength: 2 }),
  })
  .map(({ canaries, batches, percent, drained, ...x }) => {
    const members = canaries + batches.reduce((a, b) => a + b, 0);
    return {
      batches,
      percent,
      drained,
      canaries: x.advisory ? 0 : canaries,
      ...(x.advisory ? { batches: [...batches, ...Array.from({ length: canaries }, () => 1)] } : {}),
      mode: x.manual ? 'manual' : 'automatic',
      gates: x.gated ? ['ready'] : [],
      waits: { intervalMs: x.intervalMs, tailIntervalMs: 1_000, tailFrom: 3, bakeMs: x.bakeMs },
      approvals: { batches: x.policy ? 'policy' : 'required' },
      budget: {
        failureThresholdPercent: x.failureThresholdPercent,
        failureLimit: Math.max(1, Math.ceil((members * x.failureThresholdPercent) / 100)),
        extraFailures: x.extraFailures,
        minServing: Math.min(x.minServing, members - 1),
        advisory: x.advisory,
        ...(x.advisory ? { maxUnavailable: Math.ceil(members / 2) } : {}),
      },
      ...(x.retries > 0 ? { stepRetries: { verify: x.retries, download: 1 } } : {}),
      ...(x.waive ? { onVerifyFailure: { then: 'waive', waivedBy: 'olga' } } : {}),
    } satisfies PlanShape;
  });

type Op = readonly [kind: number, a: number, b: number];
const ops = fc.array(fc.tuple(fc.nat(99), fc.nat(30), fc.nat(5)), { maxLength: 60 });
const STEPS = ['drain', 'download', 'install', 'verify', 'enable', 'probe'] as const;

/** What may happen, each with its share of 100. */
const HAPPENINGS: readonly (readonly [share: number, act: (machine: Machine, a: number, b: number) => void])[] = [
  [28, (machine, a) => on(machine.state.open, a, (target) => machine.settle(target))],
  [2, (machine, a) => void machine.input({ type: 'freezes', freezes: a % 2 === 0 ? [frozen(`f${a % 3}`)] : [] })],
  [20, (machine, a, b) => on(machine.state.open, a, (target) => fail(machine, target, b, a % 2 === 0))],
  [6, (machine, a) => on(machine.state.unknown, a, (target) => machine.settle(target))],
  [3, (machine, a, b) => on(machine.state.unknown, a, (target) => fail(machine, target, b, a % 2 === 0))],
  [5, (machine, a) => void machine.tick(a * 4_000)],
  [2, (machine, a) => on(machine.state.open, a, (target, { n }) => machine.input({ type: 'unreachable', target, n }))],
  [1, (machine, a) => on(machine.state.unknown, a, (target, { n }) => machine.input({ type: 'neverSeen', target, n }))],
  [
    2,
    (machine, a) => void machine.input({ type: 'exclude', host: `h${a % machine.state.targets.length}`, reason: 'x' }),
  ],
  [5, (machine, _, b) => judge(machine, VERDICTS[b] ?? 'pass')],
  [20, (machine, a, b) => offered(machine, a, b, ['cancel', 'rollback', 'reject', 'close'])],
  [6, (machine, a, b) => offered(machine, a, b, [])],
];
const VERDICTS = ['fail', 'inconclusive'] as const;

function play(machine: Machine, [kind, a, b]: Op): void {
  let left = kind;
  for (const [share, act] of HAPPENINGS) {
    if (left < share) return act(machine, a, b);
    left -= share;
  }
}

function on(
  of: ReadonlyMap<number, OpenAttempt>,
  a: number,
  act: (target: number, attempt: OpenAttempt) => unknown,
): void {
  const found = [...of][a % Math.max(1, of.size)];
  if (found !== undefined) act(...found);
}

/** One of the commands that the state offers. */
function offered(machine: Machine, a: number, b: number, not: readonly RolloutCommandType[]): void {
  const { state } = machine;
  const actions = nextActions(state).filter((action) => !not.includes(action));
  const type = actions[a % Math.max(1, actions.length)];
  const failed = [...state.failures.keys()][b % Math.max(1, state.failures.size)];
  if (type !== undefined) machine.say(commandOf(type, state, failed ?? 0, b));
}

function commandOf(type: RolloutCommandType, state: RolloutState, failed: number, b: number): RolloutCommand {
  const approval = state.wanted ?? 'canary';
  if (type === 'approve') return { type, approval, planHash: 'hash' };
  if (type === 'reject') return { type, approval };
  if (type === 'skip' || type === 'waive') return { type, host: `h${failed}` };
  if (type === 'override') return { type, extraFailures: 1 };
  return steeringOf(type, b);
}

function steeringOf(
  type: Exclude<RolloutCommandType, 'approve' | 'reject' | 'skip' | 'waive' | 'override'>,
  b: number,
): RolloutCommand {
  if (type === 'setMode') return { type, mode: b % 2 === 0 ? 'manual' : 'automatic' };
  if (type === 'setWeight') return { type, weight: b };
  return type === 'setInterval' ? { type, intervalMs: b * 1_000 } : { type };
}

function fail(machine: Machine, target: number, b: number, isServing: boolean): void {
  const { steps, next } = machine.attempt(target);
  const step = steps.slice(next).includes(STEPS[b] ?? 'verify') ? STEPS[b] : steps.at(-1);
  machine.settle(target, step, isServing);
}

function judge(machine: Machine, verdict: Verdict): void {
  const { index: stage, round } = machine.state.stage;
  const judged = {
    type: 'GateJudged',
    stage,
    round,
    gate: 'ready',
    verdict,
    words: 'w',
    inputs: {},
    policyHash: 'p',
  } as const;
  machine.input({ type: 'verdict', judged });
}

/** Why nothing will ever happen, or undefined. */
function stuck(state: RolloutState, now: number): string | undefined {
  if (isTerminal(state.status) || nextDeadline(state, now) !== undefined || isFrozen(state)) return undefined;
  if (state.status === 'running' && (awaitsPerson(state) || awaitsGate(state))) return undefined;
  const asks = state.status !== 'running' && nextActions(state).length > 0;
  return asks ? undefined : `${state.status}, nothing in a step, no wait, no gate: stage ${state.stage.index}`;
}

const awaitsPerson = ({ stage, mode }: RolloutState): boolean => stage.awaited && !stage.proceeded && mode === 'manual';

const awaitsGate = ({ stage }: RolloutState): boolean =>
  stage.asked && stage.failedGate === undefined && stage.gates.some((gate) => !stage.passed.has(gate));

/** The counters that are kept against those that are counted, and I1. */
function honest(machine: Machine): void {
  const { state } = machine;
  const out = state.out.reduce((a, b) => a + b, 0);
  const lost = state.lost.reduce((a, b) => a + b, 0);
  expect([state.outCount, state.lostCount]).toEqual([out, lost]);
  const bad = Array.from({ length: planOf(state).canaries }, (_, i) => phaseAt(state, i)).filter(
    (phase) => phase === 'failed' || phase === 'unknown',
  );
  expect(state.canariesFailed).toBe(bad.length);
  expect(stuck(state, machine.now)).toBeUndefined();
}

/** Everything works from now on and somebody answers every question: it must come to its end. */
function goHome(machine: Machine): void {
  machine.input({ type: 'freezes', freezes: [] });
  for (let i = 0; i < 400 && !isTerminal(machine.state.status); i += 1) {
    machine.drive();
    const unknown = machine.state.unknown.keys().next().value;
    if (unknown !== undefined) machine.settle(unknown);
    else if (machine.state.status === 'running') goOn(machine);
    else if (!isTerminal(machine.state.status)) answer(machine);
    honest(machine);
  }
}

function goOn(machine: Machine): void {
  if (awaitsPerson(machine.state)) machine.say({ type: 'proceed' });
  else if (awaitsGate(machine.state)) judge(machine, 'pass');
  else machine.tick(60_000);
}

/** The first of these that is offered; what stands in the way for good is pulled out, or ends it. */
function answer(machine: Machine): void {
  const { state } = machine;
  const hopeless = serving(state) - 1 < planOf(state).budget.minServing;
  if (state.status === 'braked' && state.brake?.kind === 'capacity' && !nextActions(state).includes('retry')) {
    if (hopeless) return void machine.say({ type: 'cancel' });
    machine.input({ type: 'exclude', host: `h${state.out.indexOf(1)}`, reason: 'in the way' });
  }
  const wanted = (['approve', 'retry', 'resume', 'override', 'cancel'] as const).find((type) =>
    nextActions(state).includes(type),
  );
  machine.say(commandOf(wanted ?? 'close', state, 0, 0));
}

/** Admissions and entries while a freeze held that nobody had overridden (I6). */
function underFreeze(machine: Machine): readonly string[] {
  const held = new Set<string>();
  return machine.events.flatMap((event) => {
    if (event.type === 'RolloutFrozen') held.add(event.freeze);
    if (event.type === 'RolloutThawed') held.delete(event.freeze);
    if (event.type === 'FreezeOverridden') held.clear();
    return held.size > 0 && (event.type === 'TargetsAdmitted' || event.type === 'StageEntered') ? [event.type] : [];
  });
}

describe('whatever happens to a rollout', () => {
  it('there is always something that goes on or somebody to ask, it ends once all is well, and all of it is explained', () => {
    fc.assert(
      fc.property(shapes, ops, (shape, inputs) => {
        const machine = Machine.started(shape);
        for (const op of inputs) {
          try {
            play(machine, op);
          } catch (error) {
            if (!isSluiceError(error) || error.code === 'INVARIANT_BROKEN') throw error;
          }
          honest(machine);
        }
        goHome(machine);
        expect(underFreeze(machine)).toEqual([]);
        expect(inputs.length % 5 === 0 ? retraced(machine).wrong : []).toEqual([]);
        expect(
          isTerminal(machine.state.status),
          `${machine.state.status}: ${machine.types().slice(-12).join(' ')}`,
        ).toBe(true);
        expect(countOf(machine.state, 'pending') + countOf(machine.state, 'verified')).toBe(0);
      }),
      { numRuns: 400 },
    );
  });
});
