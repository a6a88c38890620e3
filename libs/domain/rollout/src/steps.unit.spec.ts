import { isSluiceError } from '@sluice/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { unavailable } from './budget.js';
import { evolveRollout } from './evolve/evolve.js';
import { Machine } from './fixtures/machine.js';
import { refusal } from './fixtures/refusal.js';
import { initialRollout, phaseAt } from './state.js';
import { summarizeRollout, targetsOf } from './summary.js';

describe('steps and reports', () => {
  it('TAR-20 TAR-21 whatever agents report, a target does drain, download, install, verify, enable in this order and no other', () => {
    const step = fc.constantFrom('probe', 'drain', 'download', 'install', 'verify', 'enable' as const);
    const lie = fc.record({
      target: fc.integer({ min: 0, max: 4 }),
      n: fc.integer({ min: 0, max: 3 }),
      final: fc.boolean(),
      steps: fc.array(fc.record({ step, ok: fc.boolean() }), { maxLength: 6 }),
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(lie, fc.constantFrom('honest' as const)), { maxLength: 60 }), (inputs) => {
        const machine = Machine.started({ batches: [2, 2], percent: 100 });
        for (const input of inputs) {
          if (machine.open.length === 0) break;
          const report =
            input === 'honest'
              ? honest(machine)
              : {
                  ...machine.report(machine.open[0] ?? -1),
                  ...input,
                  host: `h${input.target}`,
                  steps: input.steps.map((s) => ({ ...s, ms: 1 })),
                };
          try {
            machine.input({ type: 'report', report: report as never });
          } catch (error) {
            if (!isSluiceError(error)) throw error;
          }
        }
        for (let target = 0; target < 4; target += 1) {
          const done = machine
            .of('StepSucceeded')
            .filter((event) => event.target === target)
            .map((event) => event.step);
          expect(['drain', 'download', 'install', 'verify', 'enable'].slice(0, done.length)).toEqual(done);
        }
      }),
    );
  });

  const honest = (machine: Machine): ReturnType<Machine['report']> | undefined =>
    machine.open[0] === undefined ? undefined : machine.report(machine.open[0]);

  it('a report that does not fit the attempt changes nothing: another host, a step out of order, an attempt never given or by another name, a false end, another token', () => {
    const machine = Machine.started({ batches: [2], percent: 100 });
    const good = machine.report(0);
    const before = machine.events.length;
    for (const [change, code] of [
      [{ host: 'h1' }, 'BAD_REPORT'],
      [{ steps: good.steps.toReversed() }, 'BAD_REPORT'],
      [{ n: 2 }, 'BAD_REPORT'],
      [{ steps: good.steps.slice(0, 2) }, 'BAD_REPORT'],
      [{ token: 6 }, 'FENCED'],
      [{ target: 99 }, 'BAD_REPORT'],
      [{ attempt: machine.report(1).attempt }, 'BAD_REPORT'],
      [{ attempt: '../..' }, 'BAD_REPORT'],
    ] as const) {
      expect(refusal(() => machine.input({ type: 'report', report: { ...good, ...change } })).code).toBe(code);
    }
    expect(machine.events).toHaveLength(before);
  });

  it('TAR-36 records which source of an artifact served a download, and which did not and why', () => {
    const machine = Machine.started({ batches: [2], percent: 100, budget: { failureLimit: 5 } });
    const fellBack = [{ url: 'https://fra.example/x', code: 'DOWNLOAD_FAILED' }];
    const sourced = (target: number, how: object): ReturnType<Machine['report']> => {
      const report = machine.report(target, target === 0 ? undefined : 'download');
      const steps = report.steps.map((result) => (result.step === 'download' ? { ...result, ...how } : result));
      return { ...report, steps };
    };
    machine.input({ type: 'report', report: sourced(0, { source: 'https://store.example/x', fellBack }) });
    const more = [{ url: 'https://fra.example/x', code: 'DOWNLOAD_FAILED', unheardOf: 1 }];
    machine.input({ type: 'report', report: sourced(1, { fellBack: more }) });
    expect(machine.of('StepSucceeded').filter(({ step, target }) => step === 'download' && target === 0)).toMatchObject(
      [{ source: 'https://store.example/x', fellBack }],
    );
    expect(machine.of('StepFailed')).toMatchObject([{ step: 'download', fellBack }]);
    expect(machine.of('StepFailed')[0]?.fellBack).toEqual(fellBack);
  });

  it('a report that was recorded already is quiet, and one of an older attempt is stale', () => {
    const machine = Machine.started({ batches: [2], percent: 100, budget: { failureLimit: 5 } });
    const first = machine.report(0, 'install');
    machine.input({ type: 'report', report: first });
    expect(machine.input({ type: 'report', report: first })).toEqual([]);
    machine.settle(1);
    machine.say({ type: 'retry' });
    machine.settle(1);
    expect(refusal(() => machine.input({ type: 'report', report: first })).code).toBe('STALE_ATTEMPT');
  });

  it('a step that was reported as done does not fail afterwards', () => {
    const machine = Machine.started({ batches: [1] });
    const all = machine.report(0);
    machine.input({ type: 'report', report: { ...all, final: false, steps: all.steps.slice(0, 2) } });
    const contradiction = machine.report(0, 'drain');
    expect(refusal(() => machine.input({ type: 'report', report: contradiction })).code).toBe('BAD_REPORT');
    machine.input({ type: 'report', report: all });
    expect(machine.state.status).toBe('succeeded');
  });

  it('progress is recorded as it comes, and the final report adds what is new', () => {
    const machine = Machine.started({ batches: [1] });
    const all = machine.report(0);
    machine.input({ type: 'report', report: { ...all, final: false, steps: all.steps.slice(0, 2) } });
    expect(phaseAt(machine.state, 0)).toBe('installing');
    machine.input({ type: 'report', report: all });
    expect(machine.of('StepSucceeded')).toHaveLength(5);
    expect(machine.state.status).toBe('succeeded');
  });

  it('TAR-21 a machine that was replaced in mid-run has never seen the attempt: the step that was next has failed', () => {
    const machine = Machine.started({ batches: [2], percent: 100 });
    const report = machine.report(0);
    machine.input({ type: 'report', report: { ...report, final: false, steps: report.steps.slice(0, 2) } });
    machine.input({ type: 'unreachable', target: 0, n: 1 });
    machine.input({ type: 'neverSeen', target: 0, n: 1 });
    expect(machine.of('StepFailed')).toMatchObject([{ target: 0, step: 'install', code: 'NEVER_STARTED', n: 1 }]);
  });

  it('no answer by the deadline makes a target unknown: it counts as unavailable, and is known again when the agent reports', () => {
    const machine = Machine.started({ batches: [2, 2], percent: 50, budget: { failureLimit: 2 } });
    const late = machine.report(0);
    machine.settle(1);
    machine.tick(60_000);
    expect(phaseAt(machine.state, 0)).toBe('unknown');
    expect(unavailable(machine.state)).toBe(2);
    machine.input({ type: 'report', report: late });
    expect(phaseAt(machine.state, 0)).toBe('done');
    expect(machine.state.lostCount).toBe(0);
  });

  it('TAR-22 the state of every target is derived from events alone: a prefix and then the rest is the whole', () => {
    const machine = Machine.started({ canaries: 1, batches: [3, 3, 3], percent: 40 });
    machine.settle(0);
    machine.approve('canary');
    machine.settle(0);
    machine.approve('batches');
    machine.drive((target) => target === 5);
    for (let cut = 0; cut <= machine.events.length; cut += 1) {
      const state = initialRollout();
      for (const event of machine.events.slice(0, cut)) evolveRollout(state, event, machine.now);
      for (const event of machine.events.slice(cut)) evolveRollout(state, event, machine.now);
      expect(targetsOf(state)).toEqual(targetsOf(machine.state));
      expect(summarizeRollout(state)).toMatchObject({
        state: machine.state.status,
        counts: summarizeRollout(machine.state).counts,
      });
    }
  });
});
