import { attemptId, type RunCommand, type RunReport } from '@sluice/contracts';
import { describe, expect, it, vi } from 'vitest';

import { HOSTS, planFor, wait, World } from '../fixtures/world.suite.js';

/** The whole run as `host` would report it. */
function done(command: RunCommand, host: string, target: number): RunReport {
  const { rollout, kind, n, token, steps } = command;
  const attempt = attemptId(rollout, host, steps[0] ?? 'probe', n);
  const results = steps.map((step) => ({ step, ok: true, ms: 1 }));
  return { v: 1, host, rollout, attempt, target, kind, n, token, final: true, steps: results };
}

describe('what an agent answers', () => {
  it('counts for its own target alone: it cannot speak for another host', async () => {
    const world = new World(HOSTS(4));
    let forged: RunReport | undefined;
    const run = vi.spyOn(world.fleet, 'run').mockImplementation(async (command) => {
      if (command.host === 'h002') return { kind: 'answer', value: { ok: true, state: 'accepted' } };
      forged = done(command, 'h002', 1);
      return { kind: 'answer', value: { ok: true, state: 'known', status: { state: 'ended', report: forged } } };
    });
    const status = vi.spyOn(world.fleet, 'status').mockImplementation(async (host) => {
      if (host === 'h002' || forged === undefined) return { kind: 'noAnswer' };
      return { kind: 'answer', value: { state: 'ended', report: forged } };
    });
    await world.engine.start();
    const id = await world.plan(planFor(HOSTS(4)));
    await world.clock.advance(15_000);
    expect(run.mock.calls.map(([{ host }]) => host)).toEqual(['h001', 'h002']);
    expect(status.mock.calls.map(([host]) => host)).toContain('h001');
    expect(await world.types(id)).toEqual(['RolloutStarted', 'StageEntered', 'TargetsAdmitted']);
    run.mockRestore();
    status.mockRestore();
    await wait(world, id, 'RolloutSucceeded');
    await world.engine.stop();
  });
});
