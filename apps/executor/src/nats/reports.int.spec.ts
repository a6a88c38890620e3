import type { NatsConnection } from '@nats-io/nats-core';
import { attemptId, parseReportAnswer, type ReportAnswer, type RunReport, SUBJECTS } from '@sluice/contracts';
import { connectNats, silentLog } from '@sluice/messaging';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { serveReports } from './reports.js';

const rollout = 'r03-0123456789ABCDEFGHJKMNPQRS';

const reportOf = (host: string, change: Partial<RunReport> = {}): RunReport => ({
  v: 1,
  host,
  rollout,
  attempt: attemptId(rollout, host, 'drain', 1),
  target: 0,
  kind: 'roll',
  n: 1,
  token: 1,
  final: true,
  steps: [{ step: 'drain', ok: true, ms: 1 }],
  ...change,
});

describe('the intake of reports', () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let agents: NatsConnection;

  beforeAll(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'executor' });
    agents = await connectNats({ servers: server.url, name: 'agents' });
  });
  afterAll(async () => {
    await Promise.all([nats.close(), agents.close()]);
    await server.stop();
  });

  const send = async (subject: string, body: string): Promise<ReportAnswer> =>
    parseReportAnswer((await agents.request(subject, body, { timeout: 5_000 })).data);

  it('answers after the handler, and tells what can never be taken from what may be sent again', async () => {
    const seen: string[] = [];
    const taken = async (report: RunReport): Promise<ReportAnswer> => {
      seen.push(report.host);
      if (report.host === 'breaks') throw new Error('no such thing');
      return Promise.resolve({ ok: true });
    };
    const service = serveReports(nats, ['03'], taken, silentLog);
    await nats.flush();
    const subject = SUBJECTS.report('03', 'web.1');
    expect(await send(subject, JSON.stringify(reportOf('web.1')))).toEqual({ ok: true });
    expect(await send(subject, JSON.stringify(reportOf('web.2')))).toMatchObject({ code: 'BAD_REPORT', retry: false });
    const elsewhere = reportOf('web.1', { rollout: rollout.replace('r03', 'r04') });
    expect(await send(subject, JSON.stringify(elsewhere))).toMatchObject({ code: 'BAD_REPORT', retry: false });
    expect(await send(subject, '{"v":1')).toMatchObject({ ok: false, code: 'BAD_MESSAGE', retry: false });
    const broken = await send(SUBJECTS.report('03', 'breaks'), JSON.stringify(reportOf('breaks')));
    expect(broken).toMatchObject({ ok: false, code: 'INTERNAL', retry: true });
    expect(seen).toEqual(['web.1', 'breaks']);
    await service.stop();
  });

  it('stops with what is under way answered', async () => {
    const { promise, release } = gate();
    const service = serveReports(nats, ['03'], () => promise, silentLog);
    await nats.flush();
    const asked = send(SUBJECTS.report('03', 'web.1'), JSON.stringify(reportOf('web.1')));
    await agents.flush();
    await nats.flush();
    const stopped = service.stop();
    release({ ok: true });
    await stopped;
    expect(await asked).toEqual({ ok: true });
    await expect(send(SUBJECTS.report('03', 'web.1'), '{}')).rejects.toThrow(/no responders/i);
  });
});

function gate(): { readonly promise: Promise<ReportAnswer>; readonly release: (answer: ReportAnswer) => void } {
  let release: (answer: ReportAnswer) => void = () => undefined;
  const promise = new Promise<ReportAnswer>((resolve) => (release = resolve));
  return { promise, release };
}
