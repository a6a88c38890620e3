import type { PlanRamp, RampPhase, RolloutEvent } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { Machine, type PlanShape } from '../fixtures/machine.js';
import { refusal } from '../fixtures/refusal.js';
import { frozen, slo } from '../fixtures/shift.js';
import { evolveRollout } from '../evolve/evolve.js';
import { initialRollout } from '../state.js';
import { summarizeRollout } from '../summary.js';
import { nextActions } from '../transitions.js';
import { rampWork } from './work.js';

const RAMP: PlanRamp = {
  fleet: 'backend',
  spec: {
    name: 'docker',
    type: 'string',
    from: '1.9',
    to: '2.0',
    schedule: { kind: 'linear', durationMs: 14 * 86_400_000 },
    limits: {},
    salt: '',
  },
};

const shape = (more: Partial<PlanShape> = {}): PlanShape => ({
  batches: [],
  strategy: 'ramp',
  approvals: { batches: 'policy' },
  ramp: RAMP,
  ...more,
});

const seen = (machine: Machine, phase: RampPhase, to = 0, words?: string): RolloutEvent[] =>
  machine.input({
    type: 'rampSeen',
    seen: { phase, to, hosts: 1_000, ...(words === undefined ? {} : { words }) },
  });

const given = (more: Partial<PlanShape> = {}): Machine => Machine.started(shape(more));
const ramping = (more: Partial<PlanShape> = {}): Machine => {
  const machine = given(more);
  seen(machine, 'ramping');
  return machine;
};

const wish = (machine: Machine) => rampWork(machine.state)?.wish;

const judged = (machine: Machine, verdict: 'pass' | 'fail'): RolloutEvent[] =>
  machine.input({
    type: 'verdict',
    judged: {
      ...{ type: 'GateJudged', stage: 0, round: machine.state.stage.releases + 1, gate: 'slo', verdict },
      ...{ words: 'restarts 3% > 1%', inputs: {}, policyHash: 'p', phase: 'during' },
    },
  });

const WATCHED = { gateSpecs: [slo({ at: ['during'] })] };

describe('a ramp as a rollout', () => {
  it('TSU-03 one command takes it from its start to its end', () => {
    const machine = given();
    expect(wish(machine)).toMatchObject({ kind: 'go', going: false });
    for (const to of [0, 250, 500, 750]) seen(machine, 'ramping', to);
    expect(wish(machine)).toMatchObject({ kind: 'go', going: true });
    seen(machine, 'finished', 1_000);
    expect(machine.types().slice(2)).toEqual([
      ...['RolloutStarted', 'StageEntered', 'RampSeen', 'RampSeen', 'RampSeen', 'RampSeen', 'RampSeen'],
      ...['StagePassed', 'RolloutSucceeded'],
    ]);
    expect(wish(machine)).toBeUndefined();
  });

  it('notes the way at every twentieth of the hosts, and nothing twice', () => {
    const machine = ramping();
    for (let to = 0; to <= 1_000; to += 1) seen(machine, 'ramping', to);
    expect(machine.of('RampSeen')).toHaveLength(21);
    expect(summarizeRollout(machine.state)).toMatchObject({
      ramp: { variable: 'docker', from: '1.9', to: '2.0', seen: { phase: 'ramping', to: 1_000 } },
      stage: { index: 0, name: 'ramp', of: 1 },
    });
  });

  it('TSU-10 a breach brakes it at once: the variable is to stop, and nothing goes back', () => {
    const machine = ramping(WATCHED);
    judged(machine, 'fail');
    expect(machine.types().slice(-2)).toEqual(['GateRecorded', 'RolloutBraked']);
    const now = wish(machine);
    expect(now).toMatchObject({ kind: 'hold', numbers: { stage: 0 } });
    expect(now?.words).toContain('restarts 3% > 1%');
    seen(machine, 'stopped', 357, 'restarts 3% > 1%');
    for (let day = 0; day < 9; day += 1) machine.tick(86_400_000);
    expect(wish(machine)?.kind).toBe('hold');
    expect(machine.of('RolloutSettling')).toEqual([]);
    expect(nextActions(machine.state)).toEqual(expect.arrayContaining(['resume', 'rollback', 'cancel']));
    machine.say({ type: 'resume' });
    expect(wish(machine)).toMatchObject({ kind: 'go', going: false });
    seen(machine, 'ramping', 357);
    expect(wish(machine)).toMatchObject({ kind: 'go', going: true });
  });

  it('TSU-10 a breach while it is paused brakes too', () => {
    const machine = ramping(WATCHED);
    machine.say({ type: 'pause' });
    judged(machine, 'fail');
    expect(machine.state.status).toBe('braked');
  });

  it('TSU-14 stands still while it is paused or frozen, and each turn is one more order', () => {
    const machine = ramping();
    const orders = [rampWork(machine.state)?.order];
    machine.say({ type: 'pause' });
    expect(wish(machine)).toMatchObject({ kind: 'hold' });
    orders.push(rampWork(machine.state)?.order);
    seen(machine, 'paused', 10);
    machine.say({ type: 'resume' });
    expect(wish(machine)).toMatchObject({ kind: 'go', going: false });
    seen(machine, 'ramping', 10);
    machine.input({ type: 'freezes', freezes: [frozen()] });
    expect(wish(machine)).toMatchObject({ kind: 'hold' });
    expect(wish(machine)?.words).toContain('stop the line');
    orders.push(rampWork(machine.state)?.order);
    machine.input({ type: 'freezes', freezes: [] });
    expect(wish(machine)).toMatchObject({ kind: 'go', going: false });
    orders.push(rampWork(machine.state)?.order);
    expect(new Set(orders).size).toBe(orders.length);
  });

  it('TSU-18 a rollback has the variable go back, and is over when it does', () => {
    const machine = ramping();
    machine.say({ type: 'rollback' }, 'ana', 'logins fail');
    expect(wish(machine)).toMatchObject({ kind: 'reverse' });
    expect(wish(machine)?.words).toContain('logins fail');
    seen(machine, 'ramping', 400);
    expect(machine.state.status).toBe('settling');
    seen(machine, 'reversing', 400);
    expect(machine.types().slice(-2)).toEqual(['RampSeen', 'RolloutCancelled']);
    expect(machine.of('RolloutCancelled')[0]?.cause).toBe('rollback');
    expect(machine.of('RollbackRequested')).toEqual([]);
  });

  it('a cancel leaves the variable where it is', () => {
    const machine = ramping();
    machine.say({ type: 'cancel' });
    expect(wish(machine)).toMatchObject({ kind: 'stop' });
    seen(machine, 'stopped', 400);
    expect(machine.state.status).toBe('cancelled');
  });

  it('a supersede stops it too, and one that never began touches nothing', () => {
    const machine = ramping();
    machine.input({ type: 'supersede', by: 'r00-1' });
    expect(wish(machine)).toMatchObject({ kind: 'stop' });
    const waiting = given({ approvals: { batches: 'required' } });
    expect(rampWork(waiting.state)).toBeUndefined();
    waiting.say({ type: 'cancel' });
    expect(waiting.state.status).toBe('cancelled');
    expect(waiting.of('RampSeen')).toEqual([]);
  });

  it('waits for its approval where the plan wants one', () => {
    const machine = given({ approvals: { batches: 'required' } });
    expect(machine.state.status).toBe('awaiting-approval');
    expect(nextActions(machine.state)).not.toContain('rollback');
    machine.approve('batches');
    expect(wish(machine)).toMatchObject({ kind: 'go' });
  });

  it('is not left before the gates of its end have passed', () => {
    const machine = ramping({ gateSpecs: [slo({ at: ['exit'] })] });
    seen(machine, 'finished', 1_000);
    expect(machine.types().at(-1)).toBe('GatesRequested');
    machine.input({
      type: 'verdict',
      judged: {
        ...{ type: 'GateJudged', stage: 0, round: 1, gate: 'slo', verdict: 'pass', words: 'w', inputs: {} },
        policyHash: 'p',
      },
    });
    expect(machine.state.status).toBe('succeeded');
  });

  it('a variable that somebody else stops brakes it, one that stands for a while does not', () => {
    const machine = ramping();
    seen(machine, 'paused', 20);
    expect(machine.state.status).toBe('running');
    seen(machine, 'ramping', 20);
    seen(machine, 'stopped', 30, 'said bo');
    expect(machine.of('RolloutBraked')[0]?.cause).toMatchObject({ kind: 'ramp', numbers: { to: 30 } });
    expect(machine.of('RolloutBraked')[0]?.cause.words).toContain('said bo');
    expect(nextActions(machine.state)).toContain('resume');
  });

  it('what the variable does not take brakes it', () => {
    const machine = given();
    machine.input({ type: 'rampTrouble', words: 'define: docker is stopped' });
    expect(machine.of('RolloutBraked')[0]?.cause.kind).toBe('ramp');
  });

  it('has no commands that are about hosts or weights', () => {
    const machine = ramping();
    expect(nextActions(machine.state)).toEqual(['pause', 'cancel', 'rollback', 'setMode']);
    expect(refusal(() => machine.say({ type: 'setWeight', weight: 5 })).code).toBe('NOT_OFFERED');
  });

  it('TSU-03 is the same after it is folded anew, whatever has happened', () => {
    const machine = ramping(WATCHED);
    machine.say({ type: 'pause' });
    machine.say({ type: 'resume' });
    judged(machine, 'fail');
    seen(machine, 'stopped', 300);
    const again = initialRollout();
    machine.events.forEach((event, i) => evolveRollout(again, event, machine.times[i] ?? 0));
    expect(rampWork(again)).toEqual(rampWork(machine.state));
    expect(summarizeRollout(again)).toEqual(summarizeRollout(machine.state));
  });

  it('nothing of a ramp is heard by a rollout of hosts', () => {
    const machine = Machine.started({ batches: [2] });
    expect(seen(machine, 'finished', 5)).toEqual([]);
    expect(rampWork(machine.state)).toBeUndefined();
  });
});
