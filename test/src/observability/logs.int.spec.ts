import { readFileSync } from 'node:fs';

import { LOG_FIELDS } from '@sluice/observability';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { fieldsOfLogCalls } from './log-calls.js';
import { HOSTS, SECRETS, ShortRun } from './short-run.suite.js';

const FIELDS: ReadonlySet<string> = new Set(Object.keys(LOG_FIELDS));
const textOf = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const DOCUMENT = textOf('docs/operations.md');
const RULES = textOf('deploy/prometheus/sluice-rules.yaml');
const SERVICES = ['planner', 'executor', 'health-gate', 'notifier', 'archiver', 'checkpointer', 'gateway', 'agent'];

describe('log lines', () => {
  it('name their fields as all other lines do: every call in every source', () => {
    const calls = fieldsOfLogCalls();
    expect(calls.length).toBeGreaterThan(40);
    const unknown = calls.flatMap(({ place, fields }) =>
      fields.filter((field) => !FIELDS.has(field)).map((field) => `${place}: ${field}`),
    );
    expect(unknown).toEqual([]);
  });

  it('a planted field with another name is found', () => {
    const source = "this.logger.warn({ rollout: id, hostname: h, 'app': a }, 'x'); log.info({ ...y }, 'z');";
    expect(fieldsOfLogCalls([{ path: 'planted.ts', text: source }]).flatMap(({ fields }) => fields)).toEqual([
      'rollout',
      'hostname',
      'app',
    ]);
  });

  it('are explained in the documentation, each field', () => {
    for (const field of FIELDS) expect(DOCUMENT).toContain(`| \`${field}\``);
  });

  describe('of a short run', () => {
    let run: ShortRun;
    let good: string;
    let bad: string;
    beforeAll(async () => {
      run = await ShortRun.start();
      good = await run.request('1.0.0');
      await run.untilState(good, 'succeeded');
      bad = await run.request('6.6.6');
      await run.untilState(bad, 'braked', 'failed');
      await vi.waitFor(() => {
        if (!run.lines.some(({ msg }) => msg === 'install failed')) throw new Error('not told yet');
      });
    });
    afterAll(() => run.stop());

    it('are JSON with level, time, service and sentence, and no field that is not known', () => {
      for (const line of run.lines) {
        expect(line).toMatchObject({
          level: expect.stringMatching(/^(?:trace|debug|info|warn|error|fatal)$/) as string,
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
        });
        expect([line['msg'], SERVICES.includes(String(line['name']))]).toEqual([line['msg'], true]);
        expect(Object.keys(line).filter((field) => !FIELDS.has(field))).toEqual([]);
      }
      expect(new Set(run.lines.map(({ name }) => name)).size).toBeGreaterThanOrEqual(5);
    });

    it('a line about a rollout names it, a line about an attempt its host, group and app', () => {
      const ofSteps = run.lines.filter(({ msg }) =>
        /^(?:drain|download|install|verify|enable) (?:succ|fail)/.test(String(msg)),
      );
      expect(ofSteps.length).toBeGreaterThanOrEqual(12);
      for (const line of ofSteps) {
        expect([good, bad]).toContain(line['rollout']);
        expect(HOSTS).toContain(line['host']);
        expect(line).toMatchObject({ app: 'hello', group: 'hello-web' });
        expect(line['attempt']).toBe(`${String(line['rollout'])}/${String(line['host'])}/drain/1`);
      }
      const failed = ofSteps.find(({ msg }) => msg === 'install failed');
      expect(failed).toMatchObject({ rollout: bad, level: 'warn', step: 'install', code: 'SCRIPT_FAILED' });
      expect(run.lines).toContainEqual(
        expect.objectContaining({ name: 'planner', rollout: good, msg: 'request planned' }),
      );
      for (const line of run.lines)
        for (const field of ['rolloutId', 'requestId', 'error', 'hostname', 'token'])
          expect(line).not.toHaveProperty(field);
    });

    it('hold no secret, and neither do the metrics, which name neither host nor rollout', async () => {
      const metrics = await (await fetch(`${run.url}/metrics`)).text();
      for (const secret of SECRETS) expect(JSON.stringify(run.lines) + metrics).not.toContain(secret);
      for (const name of [...HOSTS, good, bad]) expect(metrics).not.toContain(name);
    });

    it('all services of the run count', async () => {
      const metrics = await (await fetch(`${run.url}/metrics`)).text();
      const wanted = [
        'sluice_requests_total{app="hello",outcome="planned"} 2',
        'sluice_requests_waiting 0',
        'sluice_plan_targets_sum{strategy="rolling"} 4',
        'sluice_steps_total{step="verify",outcome="succeeded"} 2',
        'sluice_step_failures_total{step="install",code="SCRIPT_FAILED"}',
        'sluice_rollouts_ended_total{outcome="succeeded"} 1',
        'sluice_rollouts_by_state{state="succeeded"} 1',
        'sluice_brakes_total{kind="budget"} 1',
        'sluice_gate_verdicts_total{gate="settled",verdict="pass"} 2',
        'sluice_reports_total{answer="ok"}',
        'sluice_agent_requests_total{asked="run",end="answer"}',
        'sluice_notifications_total{severity="info"}',
        'sluice_notification_lag_seconds_count{severity="info"}',
        'sluice_agent_runs_total{run="roll"}',
        'sluice_agent_download_bytes_total',
        'sluice_log_append_seconds_count{service="executor"}',
        'sluice_http_requests_total{method="POST",route="/v1/requests",status="201"} 2',
      ];
      expect(wanted.filter((line) => !metrics.includes(line))).toEqual([]);
    });

    it('each metric is explained, and the alert rules ask for none that there is not', async () => {
      const metrics = await (await fetch(`${run.url}/metrics`)).text();
      const told = new Set([...metrics.matchAll(/^# TYPE (sluice_\w+)/gm)].map(([, name]) => name));
      const explained = new Set([...DOCUMENT.matchAll(/^\| `(sluice_\w+)`/gm)].map(([, name]) => name));
      expect(explained).toEqual(told);
      const asked = [...RULES.matchAll(/\bsluice_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''));
      expect(asked.length).toBeGreaterThan(10);
      expect(asked.filter((name) => !told.has(name))).toEqual([]);
    });
  });
});
