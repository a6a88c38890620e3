import { describe, expect, it } from 'vitest';

import { backtest, type BacktestReport, parsePolicy } from './index.js';
import { PastLog, PastRollout, type Shape, threshold } from './history.suite.js';

function tried(log: PastLog, document: unknown): Promise<BacktestReport> {
  const parsed = parsePolicy(document, 'candidate');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return backtest(log.source(), parsed.policy);
}

const LIMITS = { fail: 0, inconclusive: 10, error: 4, passes: 1 };

describe('a gate', () => {
  const gated: Shape = { group: 'web', batches: [2, 2], percent: 50, gateSpecs: [threshold()] };
  const errors = (measure: object, more: object = {}): unknown => ({
    gates: [{ name: 'errors', measure: { kind: 'threshold', ...measure }, ...more }],
  });

  function passed(spec = threshold()): { readonly log: PastLog; readonly past: PastRollout } {
    const log = new PastLog();
    const past = new PastRollout(log, { ...gated, gateSpecs: [spec] }).play(new Set());
    past.measure('errors', [0.03, 0.04]);
    past.play(new Set());
    return { log, past };
  }

  it('with a lower limit fails by the recorded values, where the live one passed', async () => {
    const { log, past } = passed();
    expect(past.state.stage.index).toBe(1);
    const { changed } = await tried(log, errors({ limit: 0.035 }));
    expect(changed[0]).toMatchObject({
      outcome: 'stops',
      spared: { targets: 2, soFar: true },
      divergence: {
        at: { stream: `gate.${past.id}`, rev: 1 },
        because: expect.stringContaining('1 of the last 2 values above 0.035') as string,
      },
    });
    expect((await tried(log, errors({ limit: 0.045 }))).outcomes.same).toBe(1);
    expect((await tried(log, errors({}))).outcomes.same).toBe(1);
  });

  it('that passes as the live one does is no sooner, whatever the rollout records before it hears of it', async () => {
    const log = new PastLog();
    const past = new PastRollout(log, gated).play(new Set());
    const meanwhile = (): void => past.command({ type: 'setInterval', intervalMs: 1, tailIntervalMs: 1 });
    past.measure('errors', [0.03, 0.04], { meanwhile });
    past.play(new Set());
    expect(past.state.stage.index).toBe(1);
    expect((await tried(log, errors({ limit: 0.1 }))).outcomes.same).toBe(1);
  });

  it('that passes where the live one still holds goes on sooner, which is unknown', async () => {
    const log = new PastLog();
    const past = new PastRollout(log, { ...gated, gateSpecs: [threshold({ limits: { ...LIMITS, passes: 2 } })] });
    past.play(new Set());
    past.measure('errors', [0.03, 0.04]);
    past.command({ type: 'setInterval', intervalMs: 1, tailIntervalMs: 1 });
    past.measure('errors', [0.03, 0.04]);
    const { changed } = await tried(log, { gates: [{ name: 'errors', limits: { passes: 1 } }] });
    expect(changed[0]).toMatchObject({ outcome: 'unknown', stops: 'unknown' });
    expect(changed[0]?.divergence?.because).toBe('its gates have passed here, and it would have gone on');
  });

  it('with a higher limit goes on where the live one stopped', async () => {
    const log = new PastLog();
    const past = new PastRollout(log, gated).play(new Set());
    past.measure('errors', [0.03, 0.06]);
    expect(past.state.status).toBe('braked');
    const { changed } = await tried(log, errors({ limit: 0.1 }));
    expect(changed[0]).toMatchObject({ outcome: 'goesOn', stops: 'unknown' });
    // One that only records is waited for by nobody: the stage would have been left before.
    expect((await tried(log, errors({}, { onFail: 'record' }))).changed[0]?.outcome).toBe('unknown');
    expect((await tried(log, errors({ limit: 0.01 }))).outcomes.same).toBe(1);
  });

  it.each([
    [errors({ query: 'other' }), 'another query'],
    [errors({ window: '10m' }), 'another window'],
    [errors({}, { interval: '10s' }), 'another interval'],
    [{ gates: [{ name: 'errors', measure: { kind: 'facts' } }] }, 'not a facts'],
  ])('that asks for what was never recorded is unknown: %j', async (document, words) => {
    const { log } = passed();
    const { changed } = await tried(log, document);
    expect(changed[0]?.divergence).toMatchObject({
      kind: 'unknown',
      because: expect.stringContaining(words) as string,
    });
  });

  it('at a phase at which it was never judged, and not where it was, would have been waited for by nobody', async () => {
    const { log } = passed();
    const { changed } = await tried(log, errors({}, { at: ['during'] }));
    expect(changed[0]).toMatchObject({ outcome: 'unknown', stops: 'unknown' });
  });

  it('that no plan has is unknown from the first stage on, and a mere change of one is nothing', async () => {
    const { log } = passed();
    const added = { gates: [{ name: 'slo', measure: { kind: 'threshold', limit: 1 } }] };
    expect((await tried(log, added)).changed[0]).toMatchObject({ outcome: 'unknown', divergence: { at: { rev: 1 } } });
    expect((await tried(log, { gates: [{ name: 'slo', onFail: 'record' }] })).outcomes.same).toBe(1);
  });

  it('that only recorded stops when it decides', async () => {
    const log = new PastLog();
    const past = new PastRollout(log, { ...gated, gateSpecs: [threshold({ onFail: 'record', at: ['during'] })] });
    past.report(0, true);
    past.measure('errors', [0.2, 0.3], { phase: 'during' });
    past.play(new Set());
    expect(past.state.status).toBe('succeeded');
    const { changed } = await tried(log, errors({}, { onFail: 'brake' }));
    expect(changed[0]).toMatchObject({ outcome: 'stops', spared: { targets: 2 } });
  });

  it('that watches stops a rollout that is paused, where the budget waits until it goes on', async () => {
    const log = new PastLog();
    const spec = threshold({ onFail: 'record', at: ['during'] });
    const past = new PastRollout(log, { ...gated, batches: [3, 3], percent: 34, gateSpecs: [spec] });
    past.command({ type: 'pause' });
    past.report(0, false);
    past.measure('errors', [0.2, 0.3], { phase: 'during' });
    expect(past.state.status).toBe('paused');
    past.report(1, false);
    past.command({ type: 'resume' });
    expect(past.state.status).toBe('braked');
    // What watches brakes a rollout that is paused too: the candidate was there first.
    const { changed } = await tried(log, errors({}, { onFail: 'brake' }));
    expect(changed[0]).toMatchObject({ outcome: 'stops', divergence: { at: { stream: `gate.${past.id}` } } });
    // What is lost in a pause brakes when it goes on: at one as at two.
    expect((await tried(log, { brake: { failureLimit: 1 } })).outcomes.same).toBe(1);
  });

  it('of which measurements were not written down stops at the latest where one shows it, or is unknown', async () => {
    const watching = threshold({ at: ['during'] });
    const log = new PastLog();
    const past = new PastRollout(log, { ...gated, gateSpecs: [watching] });
    past.measure('errors', [0.01, 0.01], { phase: 'during' });
    past.measure('errors', [0.02, 0.01], { phase: 'during', unwritten: true });
    past.measure('errors', [0.02, 0.06], { phase: 'during' });
    expect(past.state.status).toBe('braked');
    const { changed } = await tried(log, errors({ limit: 0.03 }));
    expect(changed[0]).toMatchObject({ outcome: 'unknown', stops: true });
    expect((await tried(log, errors({ limit: 0.055 }))).outcomes.same).toBe(1);
    expect((await tried(log, errors({ limit: 0.07 }))).changed[0]?.outcome).toBe('goesOn');
  });

  it('with limits that bear more or less is judged by the same measurements', async () => {
    const log = new PastLog();
    const past = new PastRollout(log, {
      ...gated,
      gateSpecs: [threshold({ limits: { fail: 1, inconclusive: 9, error: 9, passes: 1 } })],
    });
    past.play(new Set());
    past.measure('errors', [0.03, 0.06]);
    past.measure('errors', [0.03, 0.01]);
    past.play(new Set());
    expect(past.state.stage.index).toBe(1);
    const { changed } = await tried(log, { gates: [{ name: 'errors', limits: { fail: 0 } }] });
    expect(changed[0]).toMatchObject({ outcome: 'stops', divergence: { at: { rev: 1 } } });
    const holds = await tried(log, { gates: [{ name: 'errors', limits: { passes: 2 } }] });
    expect(holds.changed[0]?.divergence).toMatchObject({
      kind: 'unknown',
      because: 'it would still wait for gate errors here',
    });
  });
});
