import { describe, expect, it } from 'vitest';

import { ClockCheck } from './clocks.js';
import { ID } from './invariants/history.suite.js';
import { verify, WrittenLog } from './log.suite.js';
import { reportWords } from './words.js';

describe('clocks of the writing services', () => {
  it('are told apart by how far the log goes back, once for each writer', () => {
    const clocks = new ClockCheck();
    let position = 0;
    const saw = (stream: string, at: number) => clocks.saw(stream, 1, { at, position: (position += 1) });
    saw('exec.r', 100_000);
    saw('gate.r', 95_000);
    expect(clocks.warnings()).toEqual([]);
    saw('gate.r', 94_999);
    saw('gate.r', 60_000);
    saw('plan.r', 10_000);
    saw('exec.r', 100_001);
    expect(clocks.warnings().map(({ code, position: at, words }) => [code, at, words.slice(0, 48)])).toEqual([
      ['CLOCK_SKEW', 3, '2 commits of gate are up to 40000 ms older than '],
      ['CLOCK_SKEW', 5, '1 commits of plan are up to 90000 ms older than '],
    ]);
  });

  it('that disagree are a warning of the verification, and no fault of the log', async () => {
    expect((await verify(new WrittenLog().whole().commits)).warnings).toEqual([]);
    const late = new WrittenLog();
    late.at = 100_000;
    late.started();
    late.at = 50_000;
    late.write('notice', ID, [
      { type: 'NoticeDelivered', notificationId: 'n', notificationType: 't', severity: 'info', position: 1 },
    ]);
    const report = await verify(late.commits);
    expect(report.ok).toBe(true);
    expect(report.warnings).toHaveLength(1);
    expect(reportWords(report).join('\n')).toContain('warning: CLOCK_SKEW');
  });
});
