import {
  attemptId,
  type RunCommand,
  type RunReport,
  specHashOf,
  type StepName,
  type StepSpec,
} from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { seededRandom } from '../time/random.js';
import { VirtualClock } from '../time/virtual-clock.js';
import { FakeFleet, type FleetOptions } from './fake-fleet.js';

const CHAIN: readonly StepName[] = ['drain', 'download', 'install', 'verify', 'enable'];
const spec: StepSpec = {
  app: 'hello',
  group: 'web',
  version: '2',
  artifact: { url: 'file:///x.tgz', sha256: 'ab'.repeat(32) },
  profile: { kind: 'process', command: ['x'], stopGraceMs: 1 },
  verify: { path: '/', status: 200, successes: 1, intervalMs: 1, timeoutMs: 180_000 },
  ignoreVerify: false,
  drainWindowMs: 0,
};

function run(rollout: string, token: number, steps = CHAIN): RunCommand {
  const attempt = attemptId(rollout, 'h0', steps[0] ?? 'drain', 1);
  const kind = steps[0] === 'probe' ? 'probe' : 'roll';
  return {
    v: 1,
    attempt,
    rollout,
    host: 'h0',
    target: 0,
    kind,
    n: 1,
    token,
    steps,
    spec,
    specHash: specHashOf(spec, steps),
  };
}

function world(options: Partial<FleetOptions> = {}): { clock: VirtualClock; fleet: FakeFleet; reports: RunReport[] } {
  const clock = new VirtualClock();
  const reports: RunReport[] = [];
  const fleet = new FakeFleet({
    clock,
    random: seededRandom(1),
    members: [{ host: 'h0', app: 'hello', group: 'web', running: '1' }],
    report: (report) => {
      reports.push(report);
      return Promise.resolve({ ok: true });
    },
    ...options,
  });
  return { clock, fleet, reports };
}

describe('machines of the fake fleet', () => {
  it('C9 a slow verify passes within its time-out and fails at it', async () => {
    for (const [seconds, ok, ms] of [
      [170, true, 170_000],
      [190, false, 180_000],
    ] as const) {
      const { clock, fleet, reports } = world({
        faults: ({ step }) => (step === 'verify' ? { kind: 'slow', factor: seconds / 4 } : undefined),
      });
      void fleet.run(run('r07-A', 1));
      await clock.advance(300_000);
      expect(reports.at(-1)?.steps[3]).toMatchObject({ step: 'verify', ok, ms });
    }
  });

  it('C8 a restart that fails has moved the link, and a probe looks at what runs', async () => {
    const { clock, fleet, reports } = world({
      faults: ({ step }) => (step === 'install' ? { kind: 'restartFails' } : undefined),
    });
    void fleet.run(run('r07-A', 1));
    await clock.advance(60_000);
    expect(reports.at(-1)?.steps.at(-1)).toMatchObject({ step: 'install', code: 'RESTART_FAILED', serving: false });
    const slot = fleet.host('h0').slots.get('web');
    expect([slot?.linked, slot?.running, slot?.serving]).toEqual(['2', null, false]);
    void fleet.run(run('r07-B', 1, ['probe']));
    await clock.advance(60_000);
    expect(reports.at(-1)?.steps[0]).toMatchObject({ step: 'probe', ok: false, code: 'NOT_AT_TARGET' });
  });

  it('a run that is stuck arrives late, and is refused when a newer one was there', async () => {
    const { clock, fleet } = world({ messages: { lateCommand: 1, lateCommandMs: 1 } });
    const [answer] = await Promise.all([fleet.run(run('r07-A', 1)), clock.advance(60_000)]);
    expect([answer.kind, fleet.counters.steps.size]).toEqual(['noAnswer', 5]);
    fleet.setMessageFaults({});
    await Promise.all([fleet.run(run('r07-B', 2)), clock.advance(60_000)]);
    const [late] = await Promise.all([fleet.run(run('r07-C', 1)), clock.advance(5)]);
    expect(late).toMatchObject({ kind: 'answer', value: { ok: false, code: 'FENCED' } });
    expect(fleet.counters.unfenced()).toEqual([]);
  });

  it('a machine that vanished comes back as another one that knows nothing', async () => {
    const { clock, fleet, reports } = world();
    void fleet.run(run('r07-A', 1));
    await clock.advance(10_000);
    fleet.vanish('h0');
    await clock.advance(3_600_000);
    expect(fleet.counters).toMatchObject({ notServing: 1, inStep: 0 });
    expect((await Promise.all([fleet.run(run('r07-A', 1)), clock.advance(5)]))[0]).toEqual({ kind: 'unreachable' });
    const fresh = fleet.replace('h0', '1');
    expect(fresh.status({ v: 1, attempt: run('r07-A', 1).attempt })).toEqual({ state: 'neverSeen' });
    void fleet.run(run('r07-A', 1));
    await clock.advance(60_000);
    expect(reports.at(-1)).toMatchObject({ final: true, steps: CHAIN.map((step) => ({ step, ok: true })) });
    expect([fleet.counters.doneTwice(), fleet.counters.notServing]).toEqual([[], 0]);
  });
});
