import { attemptId, specHashOf, type RunCommand, type StepName } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import type { AppConfig } from '../app/app-host.js';
import { applyRecord, emptyState, type JournalRecord } from '../journal/records.js';
import { ALL_STEPS, runOf } from '../rig.suite.js';
import { admit, statusOf } from './admission.js';

const host = 'web-01';
const release = { version: '2.0.0', url: 'file:///r.tgz', sha256: 'ab'.repeat(32) };
const apps = new Map<string, AppConfig>([['hello', { app: 'hello', group: 'hello-web', port: 8080 }]]);
const good = runOf({ host, release, token: 5 });

function decide(run: RunCommand, journal: readonly JournalRecord[] = [], busy?: string) {
  const state = emptyState();
  for (const record of journal) applyRecord(state, record);
  const admission = admit({ host, apps, journal: state, busyWith: () => busy }, run);
  return admission.kind === 'start' ? 'start' : admission.reply;
}

const accepted = (run: RunCommand): JournalRecord => ({ t: 'accepted', at: 1, run });
const rehashed = (run: RunCommand): RunCommand => ({ ...run, specHash: specHashOf(run.spec, run.steps) });

describe('agent: admission', () => {
  it('starts a good run', () => {
    expect(decide(good)).toBe('start');
  });

  it('answers a repeated attempt from the journal and starts nothing, whatever else has changed since', () => {
    const journal = [accepted(good), accepted(runOf({ host, release, token: 9, n: 2 }))];
    expect(decide(good, journal, 'another')).toMatchObject({
      ok: true,
      state: 'known',
      status: { state: 'running', step: 'drain' },
    });
  });

  it('TAR-10 refuses a spec that is not the one of the hash, and another one under an attempt that it knows', () => {
    const changed = { ...good, spec: { ...good.spec, drainWindowMs: 1 } };
    expect(decide(changed)).toMatchObject({ ok: false, code: 'SPEC_CHANGED' });
    expect(decide({ ...good, steps: ['drain', 'download'] })).toMatchObject({ ok: false, code: 'SPEC_CHANGED' });
    expect(decide(rehashed(changed), [accepted(good)])).toMatchObject({ ok: false, code: 'SPEC_CHANGED' });
  });

  it('refuses a lower token than the group has seen, not an equal one, and not one of another group', () => {
    const seen = accepted(runOf({ host, release, token: 5, n: 7 }));
    expect(decide(runOf({ host, release, token: 4, n: 8 }), [seen])).toMatchObject({ ok: false, code: 'FENCED' });
    expect(decide(runOf({ host, release, token: 5, n: 8 }), [seen])).toBe('start');
    expect(decide(runOf({ host, release, token: 4 }), [{ t: 'token', app: 'hello', group: 'other', token: 9 }])).toBe(
      'start',
    );
  });

  it('I2 refuses an older attempt of the same target that arrives late, and takes it from another rollout', () => {
    const seen = accepted(runOf({ host, release, token: 5, n: 2 }));
    const late = runOf({ host, release, token: 5, n: 1 });
    expect(decide(late, [seen])).toMatchObject({ ok: false, code: 'FENCED' });
    const rollout = `${late.rollout.slice(0, -1)}X`;
    const attempt = attemptId(rollout, host, 'drain', 1);
    expect(decide({ ...late, rollout, attempt }, [seen])).toBe('start');
    expect(decide(runOf({ host, release, token: 5, n: 2, kind: 'enable', steps: ['enable'] }), [seen])).toBe('start');
  });

  it('refuses a second run of an app that is at work', () => {
    expect(decide(good, [], 'an attempt')).toMatchObject({ ok: false, code: 'BUSY' });
  });

  it('refuses what is meant for another host, app or group, and says what to do', () => {
    expect(decide(runOf({ host: 'web-02', release }))).toMatchObject({ ok: false, code: 'WRONG_HOST' });
    const other = runOf({ host, release, spec: { app: 'other' } });
    expect(decide(other)).toMatchObject({
      code: 'BAD_RUN',
      message: 'this agent does not run app other: add it to its configuration',
    });
    expect(decide(runOf({ host, release, spec: { group: 'hello-eu' } }))).toMatchObject({ code: 'BAD_RUN' });
  });

  it('refuses an attempt that does not name its own run', () => {
    expect(decide({ ...good, n: 2 })).toMatchObject({ ok: false, code: 'BAD_RUN' });
    const lie = { ...good, attempt: attemptId(good.rollout, 'web-02', 'drain', 1) };
    expect(decide(lie)).toMatchObject({ ok: false, code: 'BAD_RUN' });
  });

  it('refuses a version that is no folder name, an exec profile that cannot install, a process without a port', () => {
    for (const version of ['..', '.hidden', 'a/b', '../../etc', 'a b', 'a\0b', '-rf']) {
      expect(decide(runOf({ host, release: { ...release, version } })), version).toMatchObject({ code: 'BAD_RUN' });
    }
    const profile = { kind: 'exec', steps: {}, stepTimeoutMs: 1 } as const;
    expect(decide(runOf({ host, release, spec: { profile } }))).toMatchObject({ code: 'BAD_RUN' });
    expect(decide(runOf({ host, release, steps: ['drain'], spec: { profile } }))).toBe('start');
  });

  it('takes the agent itself without a port, since it is asked over NATS', () => {
    const profile = { kind: 'process', command: ['node', 'dist/main.js'], stopGraceMs: 1 } as const;
    const view = (self: boolean) => ({
      host,
      apps: new Map([['hello', { app: 'hello', group: 'hello-web' }]]),
      journal: emptyState(),
      busyWith: () => undefined,
      run: runOf({ host, release, spec: { profile: { ...profile, self } } }),
    });
    expect(admit(view(false), view(false).run)).toMatchObject({ kind: 'answer', reply: { code: 'BAD_RUN' } });
    expect(admit(view(true), view(true).run)).toEqual({ kind: 'start' });
  });

  it('TAR-20 takes the steps in the order of the chain, with the download where pre-fetch puts it, and no other', () => {
    const names: readonly StepName[] = [...ALL_STEPS, 'probe'];
    const grow = (sequences: readonly StepName[][]): StepName[][] =>
      sequences.flatMap((s) => names.map((name) => [...s, name]));
    const one = names.map((name) => [name]);
    const all = [...one, ...grow(one), ...grow(grow(one)), ...grow(grow(grow(one)))];
    const allowed = all.filter((steps) => decide(runOf({ host, release, steps })) === 'start');
    const prefetched: readonly StepName[] = ['download', 'drain', 'install', 'verify', 'enable'];
    const subsets = all.filter((steps) =>
      [ALL_STEPS, prefetched].some((chain) => {
        const places = steps.map((step) => chain.indexOf(step));
        return places.every((place, i) => place > (places[i - 1] ?? -1));
      }),
    );
    expect(all).toHaveLength(6 + 36 + 216 + 1_296);
    expect(allowed).toEqual(subsets);
    expect(allowed).toHaveLength(5 + 10 + 10 + 5 + 1 + 3 + 3);
    expect(decide(runOf({ host, release, kind: 'enable', steps: ['drain'] }))).toMatchObject({ code: 'BAD_RUN' });
    expect(decide(runOf({ host, release, kind: 'probe', steps: ['probe'] }))).toBe('start');
  });
});

describe('agent: status', () => {
  it('tells never seen, running with its step, and ended with all results', () => {
    const state = emptyState();
    const { attempt } = good;
    expect(statusOf(state.attempts.get(attempt))).toEqual({ state: 'neverSeen' });
    applyRecord(state, accepted(good));
    applyRecord(state, { t: 'began', at: 1, attempt, step: 'drain' });
    applyRecord(state, { t: 'done', at: 2, attempt, report: { step: 'drain', ok: true, ms: 1 } });
    applyRecord(state, { t: 'began', at: 3, attempt, step: 'download' });
    expect(statusOf(state.attempts.get(attempt))).toMatchObject({
      state: 'running',
      step: 'download',
      report: { final: false, steps: [{ step: 'drain' }] },
    });
    applyRecord(state, { t: 'ended', at: 4, attempt });
    expect(statusOf(state.attempts.get(attempt))).toMatchObject({ state: 'ended', report: { final: true, token: 5 } });
  });
});
