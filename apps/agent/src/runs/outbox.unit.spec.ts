import type { ReportAnswer, RunReport } from '@sluice/contracts';
import { createLogger } from '@sluice/observability';
import { VirtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { emptyState, applyRecord } from '../journal/records.js';
import { runOf } from '../rig.suite.js';
import { reportOf } from './admission.js';
import { Outbox } from './outbox.js';

const run = runOf({ host: 'web-01', release: { version: '1', url: 'file:///r', sha256: 'ab'.repeat(32) } });
const { attempt } = run;

function report(final: boolean): RunReport {
  const state = emptyState();
  applyRecord(state, { t: 'accepted', at: 0, run });
  if (final) applyRecord(state, { t: 'ended', at: 0, attempt });
  const found = state.attempts.get(attempt);
  if (found === undefined) throw new Error('no attempt');
  return reportOf(found);
}

function setUp(answers: readonly (ReportAnswer | Error)[]) {
  const clock = new VirtualClock();
  const sent: { readonly at: number; readonly final: boolean }[] = [];
  const settled: string[] = [];
  const start = clock.now();
  const outbox = new Outbox({
    clock,
    logger: createLogger('test', 'silent'),
    random: () => 0.5,
    send: (message) => {
      sent.push({ at: clock.now() - start, final: message.final });
      const answer = answers[Math.min(sent.length, answers.length) - 1] ?? { ok: true };
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    settled: (one) => {
      settled.push(one);
      return Promise.resolve();
    },
  });
  return { clock, outbox, sent, settled };
}

const silence = new Error('timeout');
const later: ReportAnswer = { ok: false, code: 'NOT_OWNER', message: 'ask again', retry: true };

describe('agent: outbox', () => {
  it('puts steps that end within 200 ms of each other into one message', async () => {
    const { clock, outbox, sent } = setUp([]);
    outbox.progress(attempt, () => report(false));
    await clock.advance(150);
    outbox.progress(attempt, () => report(false));
    await clock.advance(1_000);
    expect(sent).toEqual([{ at: 200, final: false }]);
    outbox.progress(attempt, () => report(false));
    await clock.advance(1_000);
    expect(sent).toHaveLength(2);
  });

  it('lets the final report take the place of progress that has not left yet', async () => {
    const { clock, outbox, sent, settled } = setUp([]);
    outbox.progress(attempt, () => report(false));
    outbox.final(report(true));
    await clock.advance(5_000);
    expect(sent).toEqual([{ at: 0, final: true }]);
    expect(settled).toEqual([attempt]);
  });

  it('sends a final report again with growing, bounded waits until it is taken', async () => {
    const { clock, outbox, sent, settled } = setUp([
      silence,
      later,
      silence,
      silence,
      silence,
      silence,
      silence,
      silence,
      silence,
      { ok: true },
    ]);
    outbox.final(report(true));
    await clock.advance(120_000);
    const waits = sent.map(({ at }, i) => at - (sent[i - 1]?.at ?? 0)).slice(1);
    expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]);
    expect(settled).toEqual([attempt]);
  });

  it('forgets a report that nobody will ever want', async () => {
    const { clock, outbox, sent, settled } = setUp([
      { ok: false, code: 'UNKNOWN_ROLLOUT', message: 'no such rollout', retry: false },
    ]);
    outbox.final(report(true));
    await clock.advance(60_000);
    expect(sent).toHaveLength(1);
    expect(settled).toEqual([attempt]);
  });

  it('says nothing any more once it is stopped', async () => {
    const { clock, outbox, sent } = setUp([silence]);
    outbox.final(report(true));
    await clock.advance(100);
    outbox.stop();
    await clock.advance(60_000);
    expect(sent).toHaveLength(1);
  });
});
