import type { RolloutCommand } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { Machine, type PlanShape } from './fixtures/machine.js';
import { type RolloutStatus } from './state.js';
import { nextActions } from './transitions.js';

/** One rollout in every state, and every command in it: each has a defined result. */
describe('TAR-30 TRS-10 every (state, command) pair', () => {
  const commands: Readonly<Record<RolloutCommand['type'], RolloutCommand>> = {
    approve: { type: 'approve', approval: 'canary', planHash: 'hash' },
    reject: { type: 'reject', approval: 'canary' },
    pause: { type: 'pause' },
    resume: { type: 'resume' },
    cancel: { type: 'cancel' },
    rollback: { type: 'rollback' },
    retry: { type: 'retry' },
    skip: { type: 'skip', host: 'h0' },
    waive: { type: 'waive', host: 'h0' },
    override: { type: 'override', extraFailures: 1 },
    proceed: { type: 'proceed' },
    setMode: { type: 'setMode', mode: 'manual' },
    setInterval: { type: 'setInterval', intervalMs: 5 },
    setWeight: { type: 'setWeight', weight: 5 },
    hotfix: { type: 'hotfix' },
    close: { type: 'close' },
  };
  const shape: PlanShape = { canaries: 1, batches: [2, 2], percent: 40 };
  const states: Readonly<Record<Exclude<RolloutStatus, 'unplanned'>, () => Machine>> = {
    planned: () => new Machine(shape),
    running: () => Machine.started(shape),
    'awaiting-approval': () => verified(),
    paused: () => after(verified(), { type: 'pause' }),
    braked: () => failedCanary(),
    settling: () => after(Machine.started(shape), { type: 'cancel' }),
    succeeded: () => driven(Machine.started({ batches: [2], percent: 100 })),
    failed: () => driven(Machine.started({ batches: [2], percent: 100, budget: { failureLimit: 9 } }), 0),
    cancelled: () => after(verified(), { type: 'cancel' }),
    closed: () =>
      after(driven(Machine.started({ batches: [2], percent: 100, budget: { failureLimit: 9 } }), 0), { type: 'close' }),
  };
  const verified = (): Machine => {
    const machine = Machine.started(shape);
    machine.settle(0);
    return machine;
  };
  const failedCanary = (): Machine => {
    const machine = Machine.started(shape);
    machine.settle(0, 'verify');
    return machine;
  };
  const driven = (machine: Machine, failing = -1): Machine => {
    machine.drive((target) => target === failing);
    return machine;
  };
  const after = (machine: Machine, command: RolloutCommand): Machine => {
    machine.say(command);
    return machine;
  };

  const expected: Readonly<Record<keyof typeof states, readonly RolloutCommand['type'][]>> = {
    planned: ['cancel'],
    running: ['pause', 'cancel', 'rollback', 'setMode', 'setInterval'],
    'awaiting-approval': ['approve', 'reject', 'pause', 'cancel', 'rollback', 'setMode', 'setInterval'],
    paused: ['resume', 'cancel', 'rollback', 'setMode', 'setInterval'],
    braked: ['retry', 'skip', 'waive', 'override', 'cancel', 'rollback', 'setMode', 'setInterval'],
    settling: [],
    succeeded: ['rollback'],
    failed: ['retry', 'skip', 'waive', 'rollback', 'close'],
    cancelled: ['rollback'],
    closed: ['rollback'],
  };

  /** An effect, or the refusal with the list of what is offered. */
  const outcomeOf = (machine: Machine, command: RolloutCommand): unknown => {
    try {
      return machine.say(command).length > 0 ? 'effect' : 'nothing';
    } catch (error) {
      if (!isSluiceError(error)) throw error;
      return { code: error.code, actions: error.details['actions'] };
    }
  };

  const pairs = (Object.keys(states) as (keyof typeof states)[]).flatMap((state) =>
    (Object.keys(commands) as RolloutCommand['type'][]).map((command) => ({ state, command })),
  );

  it.each(pairs)('$state + $command', ({ state, command }) => {
    const machine = states[state]();
    expect(machine.state.status).toBe(state);
    expect([...nextActions(machine.state)].sort()).toEqual([...expected[state]].sort());
    const outcome = outcomeOf(machine, commands[command]);
    const offered = expected[state].includes(command);
    expect(outcome).toEqual(offered ? 'effect' : { code: 'NOT_OFFERED', actions: nextActions(machine.state) });
  });
});
