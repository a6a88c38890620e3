import type { RolloutCommand, RolloutCommandType, Verdict } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { nextDeadline } from '../decide/reports.js';
import { retraced } from '../explain/retraced.suite.js';
import { frozen, MINUTE, NEW, OLD, Shift, slo, smoke } from '../fixtures/shift.js';
import { faultsOf } from '../fixtures/shift-auditor.js';
import { isFrozen, isTerminal, type RolloutState } from '../state.js';
import { nextActions } from '../transitions.js';
import { trafficWork } from './work.js';

const DRAIN = 3 * MINUTE;

const shapes = fc.record({
  weights: fc
    .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 4 })
    .map((all) => all.toSorted((a, b) => a - b)),
  smokeAt: fc.nat(4),
  early: fc.boolean(),
  approve: fc.boolean(),
  manual: fc.boolean(),
  dwellMs: fc.constantFrom(0, MINUTE),
  gates: fc.subarray([
    smoke(),
    slo({ at: ['during'] }),
    slo({ name: 'entry', at: ['entry', 'exit'] }),
    slo({ name: 'shadow', at: ['during', 'exit', 'entry'], onFail: 'record' }),
  ]),
});

type Shape = typeof shapes extends fc.Arbitrary<infer T> ? T : never;

function shiftOf({ weights, smokeAt, early, approve, manual, dwellMs, gates }: Shape): Shift {
  const all = [...weights, 100].map((weight, i) => ({ weight, ...(i === smokeAt ? { smoke: true as const } : {}) }));
  return Shift.from(
    {
      weights: all,
      dwellMs,
      drainWindowMs: DRAIN,
      ...(early ? { smokeDark: true, smokeEarly: true } : {}),
      ...(approve ? { approveBefore: all.at(-1)?.weight ?? 100 } : {}),
    },
    { mode: manual ? 'manual' : 'automatic', gateSpecs: gates },
  );
}

type Op = readonly [kind: number, a: number, b: number];
const ops = fc.array(fc.tuple(fc.nat(99), fc.nat(1_000), fc.nat(200)), { maxLength: 70 });
const GATES = ['smoke', 'slo', 'entry', 'shadow'] as const;
const VERDICTS: readonly Verdict[] = ['pass', 'pass', 'pass', 'fail', 'inconclusive', 'error'];
const PHASES = [undefined, 'entry', 'during'] as const;

/** What may happen, each with its share of 100. */
const HAPPENINGS: readonly (readonly [share: number, act: (shift: Shift, a: number, b: number) => void])[] = [
  [30, (shift) => shift.workOnce()],
  [15, (shift, a) => void shift.tick(a * 300)],
  [12, (shift, a, b) => judge(shift, a, b)],
  [3, (shift, a) => void shift.see(a % 2 === 0 ? OLD : NEW)],
  [6, (shift, a, b) => void shift.set(b % 2 === 0 ? OLD : NEW, a % 2 === 0 ? 'web' : 'search', { ready: b % 30 })],
  [2, (shift, a) => void shift.input({ type: 'trafficTrouble', dependency: 'lb', words: `${a}` })],
  [
    3,
    (shift, a, b) =>
      void shift.input({ type: 'weightPublished', weights: { [NEW]: a % 101, [OLD]: 100 - (a % 101) }, version: b }),
  ],
  [2, (shift) => void shift.input({ type: 'sideRetired', side: OLD })],
  [5, (shift, a) => void shift.input({ type: 'freezes', freezes: a % 2 === 0 ? [frozen(`f${a % 3}`)] : [] })],
  [1, (shift) => void shift.input({ type: 'logRegressed', loss: { seen: 9, position: 3 } })],
  [1, (shift, a) => void (a % 5 === 0 && shift.input({ type: 'supersede', by: 'another' }))],
  [16, (shift, a, b) => offered(shift, a, b, ['cancel', 'rollback', 'reject'])],
  [4, (shift, a, b) => offered(shift, a, b, [])],
];

function judge(shift: Shift, a: number, b: number): void {
  const phase = PHASES[b % 3];
  shift.judge(GATES[a % 4] ?? 'smoke', VERDICTS[b % 6] ?? 'pass', phase);
}

function offered(shift: Shift, a: number, b: number, not: readonly RolloutCommandType[]): void {
  const actions = nextActions(shift.state).filter((action) => !not.includes(action));
  const type = actions[a % Math.max(1, actions.length)];
  if (type !== undefined) shift.say(commandOf(type, shift.state, b));
}

/** A shift has no targets, so what is said of targets is never offered. */
type Offered = Exclude<RolloutCommandType, 'skip' | 'waive' | 'override' | 'setInterval'>;

function commandOf(offer: RolloutCommandType, state: RolloutState, b: number): RolloutCommand {
  const type = offer as Offered;
  const approval = state.wanted ?? 'batches';
  if (type === 'approve') return { type, approval, planHash: 'hash' };
  if (type === 'reject') return { type, approval };
  if (type === 'setWeight') return { type, weight: b % 110 };
  return type === 'setMode' ? { type, mode: b % 2 === 0 ? 'manual' : 'automatic' } : { type };
}

function play(shift: Shift, [kind, a, b]: Op): void {
  let left = kind;
  for (const [share, act] of HAPPENINGS) {
    if (left < share) return act(shift, a, b);
    left -= share;
  }
}

const awaitsGate = ({ stage }: RolloutState): boolean =>
  stage.asked && stage.failedGate === undefined && stage.gates.some((gate) => !stage.passed.has(gate));

/** The last weight was lowered by hand: a person gives it again. */
const awaitsWeight = ({ stage, traffic, plan }: RolloutState): boolean =>
  stage.index >= (plan?.traffic?.weights.length ?? 0) && traffic?.weights?.[NEW] !== 100;

const awaitsPerson = ({ stage, mode }: RolloutState): boolean => stage.awaited && !stage.proceeded && mode === 'manual';

const hasWork = (state: RolloutState): boolean => Object.keys(trafficWork(state)).length > 1;

/** True when something goes on by itself, or somebody can move it. */
function hasAWay({ state, now }: Shift): boolean {
  if (isTerminal(state.status) || nextDeadline(state, now) !== undefined || isFrozen(state) || hasWork(state))
    return true;
  if (state.status !== 'running') return nextActions(state).length > 0;
  return awaitsPerson(state) || awaitsGate(state) || awaitsWeight(state);
}

/** What is to be published grows only where it may. */
function growsInSecret({ state }: Shift): boolean {
  const wanted = trafficWork(state).publish?.[NEW] ?? 0;
  const grows = wanted > (state.traffic?.published?.weights[NEW] ?? 0);
  return grows && (isFrozen(state) || (state.status !== 'running' && state.status !== 'paused'));
}

/** Everything works from now on and somebody answers every question: it must come to its end. */
function goHome(shift: Shift, look: () => void): void {
  shift.input({ type: 'freezes', freezes: [] });
  for (let i = 0; i < 300 && !isTerminal(shift.state.status); i += 1) {
    for (const side of [OLD, NEW]) for (const service of ['web', 'search']) heal(shift, side, service);
    shift.work();
    if (shift.state.status === 'running') goOn(shift);
    else if (!isTerminal(shift.state.status)) answer(shift);
    look();
  }
}

const heal = (shift: Shift, side: string, service: string): void => {
  const found = shift.world[side]?.find((each) => each.service === service);
  shift.set(side, service, { desired: found?.desired ?? 0 });
};

function goOn(shift: Shift): void {
  const { state } = shift;
  if (awaitsPerson(state)) shift.say({ type: 'proceed' });
  else if (awaitsGate(state)) for (const gate of state.stage.gates) shift.judge(gate, 'pass', state.stage.phase);
  else if (awaitsWeight(state) && nextDeadline(state, shift.now) === undefined)
    shift.say({ type: 'setWeight', weight: 100 });
  else shift.tick(MINUTE);
}

function answer(shift: Shift): void {
  const wanted = (['approve', 'resume'] as const).find((type) => nextActions(shift.state).includes(type));
  if (wanted === undefined) throw new Error(`nobody can answer ${shift.state.status}`);
  shift.say(commandOf(wanted, shift.state, 0));
}

describe('I6 I9 STR-03 whatever happens to a shift of traffic', () => {
  it('weights sum to 100 and grow only where they may, the old side is kept for its drain window, and it ends', () => {
    const ends = new Set<string>();
    fc.assert(
      fc.property(shapes, ops, (shape, inputs) => {
        const shift = shiftOf(shape);
        const look = (): void => {
          const words = `${shift.state.status} at stage ${shift.state.stage.index}`;
          expect([hasAWay(shift), growsInSecret(shift)], words).toEqual([true, false]);
        };
        for (const op of inputs) {
          try {
            play(shift, op);
          } catch (error) {
            if (!isSluiceError(error) || error.code === 'INVARIANT_BROKEN') throw error;
          }
          look();
        }
        goHome(shift, look);
        ends.add(shift.state.status);
        expect(faultsOf(shift, DRAIN)).toEqual([]);
        expect(inputs.length % 5 === 0 ? retraced(shift).wrong : []).toEqual([]);
        expect(isTerminal(shift.state.status), `${shift.state.status}: ${shift.types().slice(-12).join(' ')}`).toBe(
          true,
        );
      }),
      { numRuns: 300 },
    );
    expect([...ends].sort()).toEqual(['cancelled', 'succeeded']);
  });
});
