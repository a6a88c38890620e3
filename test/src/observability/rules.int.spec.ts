import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

const RULES = fileURLToPath(new URL('../../../deploy/prometheus/sluice-rules.yaml', import.meta.url));

const promtool = (...args: readonly string[]) => spawnSync('promtool', args, { encoding: 'utf8' });
const isMissing = promtool('--version').error !== undefined;
if (isMissing)
  process.stderr.write('skipped: no promtool here (apt-get install prometheus), the alert rules are not checked\n');

/** Series of the metrics, a minute apart, and the alerts that stand after so many minutes. */
const CASES = [
  {
    series: 'sluice_rollouts_by_state{state="braked"}',
    values: '0 0 1 1 1 1',
    at: '5m',
    alerts: 'SluiceRolloutBraked',
  },
  { series: 'sluice_requests_waiting', values: '3x10', at: '7m', alerts: 'SluiceRequestsWaiting' },
  {
    series: 'sluice_log_append_failures_total{service="executor",code="LOG_UNAVAILABLE"}',
    values: '0 0 4 4 4',
    at: '3m',
    alerts: 'SluiceLogUnavailable',
  },
  {
    series: 'sluice_log_append_failures_total{service="executor",code="CONCURRENCY_CONFLICT"}',
    values: '0 0 4 4 4',
    at: '3m',
    alerts: undefined,
  },
] as const;

describe.skipIf(isMissing)('the alert rules (skipped without promtool)', () => {
  it('are such as Prometheus loads', () => {
    const { status, stdout, stderr } = promtool('check', 'rules', RULES);
    expect(stderr).toBe('');
    expect([status, stdout]).toEqual([0, expect.stringContaining('12 rules found')]);
  });

  it.each(CASES)('$series stands for $alerts', ({ series, values, at, alerts }) => {
    const names = ['SluiceRolloutBraked', 'SluiceRequestsWaiting', 'SluiceLogUnavailable'];
    const folder = mkdtempSync(join(tmpdir(), 'sluice-rules-'));
    const file = join(folder, 'test.json');
    // Which alerts stand, and nothing of their words: `ALERTS` is a series too.
    const expression = `sort(count by (alertname) (ALERTS{alertstate="firing",alertname=~"${names.join('|')}"}))`;
    const samples = alerts === undefined ? [] : [{ labels: `{alertname="${alerts}"}`, value: 1 }];
    const test = {
      interval: '1m',
      input_series: [{ series, values }],
      promql_expr_test: [{ expr: expression, eval_time: at, exp_samples: samples }],
    };
    writeFileSync(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: '1m', tests: [test] }));
    try {
      const { status, stdout, stderr } = promtool('test', 'rules', file);
      expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('SUCCESS')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
