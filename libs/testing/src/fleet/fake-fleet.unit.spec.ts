import {
  attemptId,
  hashOf,
  type Hello,
  type ReportAnswer,
  type RunCommand,
  type RunKind,
  type RunReport,
  type StepName,
  type StepSpec,
} from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { seededRandom } from '../time/random.js';
import { VirtualClock } from '../time/virtual-clock.js';
import { FakeFleet, type FleetOptions } from './fake-fleet.js';
import type { StepFault } from './faults.js';

const rollout = 'r07-0123456789ABCDEFGHJKMNPQRS';
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

const command = (over: Partial<RunCommand> = {}): RunCommand => {
  const { host = 'h0', n = 1, steps = CHAIN } = over;
  const first = steps[0] ?? 'drain';
  return {
    v: 1,
    attempt: attemptId(rollout, host, first, n),
    rollout,
    host,
    target: 0,
    kind: 'roll' satisfies RunKind,
    n,
    token: 1,
    steps,
    spec,
    specHash: hashOf({ spec, steps }),
    ...over,
  };
};

interface World {
  readonly clock: VirtualClock;
  readonly fleet: FakeFleet;
  readonly reports: RunReport[];
  readonly hellos: Hello[];
  readonly finals: () => number;
}

function world(options: Partial<FleetOptions> = {}, answer: () => ReportAnswer = () => ({ ok: true })): World {
  const clock = new VirtualClock();
  const reports: RunReport[] = [];
  const hellos: Hello[] = [];
  const fleet = new FakeFleet({
    clock,
    random: seededRandom(1),
    members: [{ host: 'h0', app: 'hello', group: 'web', running: '1' }],
    report: (report) => {
      reports.push(report);
      return Promise.resolve(answer());
    },
    hello: (hello) => hellos.push(hello),
    ...options,
  });
  return { clock, fleet, reports, hellos, finals: () => reports.filter(({ final }) => final).length };
}

const only = (step: StepName, fault: StepFault) => (place: { readonly step: StepName }) =>
  place.step === step ? fault : undefined;

describe('fake fleet', () => {
  it('does the steps of a run in their order and their time, and reports them', async () => {
    const { clock, fleet, reports } = world();
    const began = clock.now();
    expect(await Promise.all([fleet.run(command()), clock.advance(5)])).toContainEqual({
      kind: 'answer',
      value: { ok: true, state: 'accepted' },
    });
    await clock.runUntil(() => reports.some(({ final }) => final));
    expect(clock.now() - began).toBe(14_500 + 2);
    expect(reports.at(-1)?.steps.map(({ step, ok }) => [step, ok])).toEqual(CHAIN.map((step) => [step, true]));
    expect([fleet.versions('web'), fleet.host('h0').slots.get('web')?.serving]).toEqual([{ '2': 1 }, true]);
    expect([
      fleet.counters.maxNotServing,
      fleet.counters.notServing,
      fleet.counters.maxInStep,
      fleet.counters.inStep,
    ]).toEqual([1, 0, 1, 0]);
  });

  it('has one effect of the same attempt, however often it comes', async () => {
    const { clock, fleet, finals } = world({ messages: { duplicateCommand: 1 } });
    void fleet.run(command());
    await clock.advance(3_000);
    const [again] = await Promise.all([fleet.run(command()), clock.advance(3)]);
    expect(again).toMatchObject({
      kind: 'answer',
      value: { ok: true, state: 'known', status: { state: 'running', step: 'download' } },
    });
    await clock.runUntil(() => finals() > 0);
    const [after] = await Promise.all([fleet.run(command()), clock.advance(3)]);
    expect(after).toMatchObject({ kind: 'answer', value: { state: 'known', status: { state: 'ended' } } });
    expect(fleet.counters.doneTwice()).toEqual([]);
    expect([...fleet.counters.steps.values()]).toEqual([1, 1, 1, 1, 1]);
  });

  it('refuses an old token, another spec, another host, a forged hash, and a second run at a time', async () => {
    const { clock, fleet } = world();
    const say = async (over: Partial<RunCommand>): Promise<string> => {
      const [answer] = await Promise.all([fleet.run(command(over)), clock.advance(3)]);
      return answer.kind === 'answer' && !answer.value.ok ? answer.value.code : answer.kind;
    };
    const other = { ...spec, version: '3' };
    expect(await say({ token: 5 })).toBe('answer');
    expect(await say({ token: 4 })).toBe('FENCED');
    expect(await say({ token: 5, spec: other, specHash: hashOf({ spec: other, steps: CHAIN }) })).toBe('SPEC_CHANGED');
    expect(await say({ token: 5, spec: other })).toBe('BAD_RUN');
    expect(await say({ token: 5, n: 2 })).toBe('BUSY');
    expect(fleet.host('h0').run(command({ host: 'h1', token: 5 }))).toMatchObject({ ok: false, code: 'WRONG_HOST' });
  });

  it('keeps and resends the final report until it is durable', async () => {
    let answers = 0;
    const { clock, fleet, finals } = world({}, () =>
      ++answers < 5 ? { ok: false, code: 'NOT_OWNER', message: '', retry: true } : { ok: true },
    );
    void fleet.run(command());
    await clock.advance(3_600_000);
    expect(answers).toBeGreaterThanOrEqual(5);
    const sent = finals();
    await clock.advance(3_600_000);
    expect(finals()).toBe(sent);
  });

  it('tells failed, hung, slow and dead apart', async () => {
    const fail = world({ faults: only('verify', { kind: 'fail' }) });
    void fail.fleet.run(command());
    await fail.clock.advance(60_000);
    expect(fail.reports.at(-1)?.steps.at(-1)).toMatchObject({
      step: 'verify',
      ok: false,
      code: 'VERIFY_FAILED',
      serving: false,
    });
    expect(fail.fleet.counters.notServing).toBe(1);

    const hang = world({ faults: only('install', { kind: 'hang' }) });
    void hang.fleet.run(command());
    await hang.clock.advance(86_400_000);
    expect([hang.finals(), hang.fleet.host('h0').status({ v: 1, attempt: command().attempt }).state]).toEqual([
      0,
      'running',
    ]);

    const slow = world({ faults: only('verify', { kind: 'slow', factor: 40 }) });
    void slow.fleet.run(command());
    await slow.clock.runUntil(() => slow.finals() > 0);
    expect(slow.reports.at(-1)?.steps.at(-2)).toMatchObject({ step: 'verify', ok: true, ms: 160_000 });
  });

  it('is silent while its agent is dead, and goes on from its journal', async () => {
    const { clock, fleet, finals, reports } = world({ faults: only('install', { kind: 'crash', downMs: 60_000 }) });
    void fleet.run(command());
    await clock.advance(20_000);
    expect(
      await Promise.all([fleet.status('h0', { v: 1, attempt: command().attempt }), clock.advance(3)]),
    ).toContainEqual({ kind: 'unreachable' });
    await clock.runUntil(() => finals() > 0);
    expect(reports.at(-1)?.steps.map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
    expect([fleet.counters.doneTwice(), fleet.counters.inStep]).toEqual([[], 0]);
  });

  it('loses, repeats and delays messages as it is told', async () => {
    const lost = world({ messages: { loseReport: 1 } });
    void lost.fleet.run(command());
    await lost.clock.advance(60_000);
    expect(lost.reports).toEqual([]);
    lost.fleet.setMessageFaults({ duplicateReport: 1, delayReportMs: 500 });
    await lost.clock.advance(60_000);
    expect(lost.finals()).toBeGreaterThanOrEqual(2);

    const deaf = world({ messages: { loseCommand: 1 } });
    const [answer] = await Promise.all([deaf.fleet.run(command()), deaf.clock.advance(5_000)]);
    expect([answer.kind, deaf.fleet.counters.steps.size]).toEqual(['noAnswer', 0]);
    deaf.fleet.setMessageFaults({ loseReply: 1 });
    const [second] = await Promise.all([deaf.fleet.run(command()), deaf.clock.advance(5_000)]);
    expect([second.kind, deaf.fleet.counters.inStep > 0]).toEqual(['noAnswer', true]);
    expect((await Promise.all([deaf.fleet.run(command({ host: 'nobody' })), deaf.clock.advance(5)]))[0]).toEqual({
      kind: 'unreachable',
    });
  });

  it('downloads nothing that it has, and says hello when its facts change', async () => {
    const { clock, fleet, hellos, reports } = world();
    void fleet.run(command());
    await clock.advance(60_000);
    const back = { ...spec, version: '1' };
    void fleet.run(command({ n: 2, spec: back, specHash: hashOf({ spec: back, steps: CHAIN }) }));
    await clock.advance(60_000);
    expect(reports.at(-1)?.steps[1]).toMatchObject({ step: 'download', note: 'local', ms: 20 });
    expect(hellos.at(-1)?.apps[0]).toMatchObject({ running: '1', serving: true, localVersions: ['1', '2'] });
  });

  it('probes what runs, whatever was said', async () => {
    const { clock, fleet, reports } = world();
    void fleet.run(command({ kind: 'probe', steps: ['probe'] }));
    await clock.advance(10_000);
    expect(reports.at(-1)?.steps).toMatchObject([{ step: 'probe', ok: false, code: 'NOT_AT_TARGET', serving: true }]);
    fleet.host('h0').slots.get('web')?.set({ running: '2' });
    void fleet.run(command({ kind: 'probe', steps: ['probe'], n: 2 }));
    await clock.advance(10_000);
    expect(reports.at(-1)?.steps).toMatchObject([{ step: 'probe', ok: true }]);
  });
});
