import { jetstreamManager } from '@nats-io/jetstream';
import { STREAMS } from '@sluice/contracts';
import { type AccessEntry, accessEntries } from '@sluice/messaging';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { Harness } from '../harness.suite.js';

const SOON = { timeout: 30_000, interval: 20 };

describe('who reads history over the API', { timeout: 60_000 }, () => {
  let harness: Harness;
  let id: string;
  beforeAll(async () => {
    harness = await Harness.start();
    id = await harness.planter.plan('web', 'audited');
  }, 60_000);
  afterAll(() => harness.stop());

  it('is recorded once, whatever he makes up that is not there', async () => {
    const made = ['r07-0123456789ABCDEFGHJKMNPQRS', 'r07-0123456789ABCDEFGHJKMNPQRT', 'nothing'];
    const paths = made.flatMap((name) => [`/v1/rollouts/${name}/verdicts`, `/v1/groups/${name}/events`]);
    for (const path of paths) await harness.json(path);
    const told = async (): Promise<unknown[]> => {
      const found: AccessEntry[] = [];
      for await (const entry of accessEntries(harness.nats)) found.push(entry);
      return found.map(({ operation, subject }) => `${operation} of ${subject}`).toSorted();
    };
    const expected = ['listGroupEvents of what is not there', 'listVerdicts of what is not there'];
    await vi.waitFor(async () => expect((await told()).length).toBeGreaterThanOrEqual(2), SOON);
    expect(await told()).toEqual(expected);
  });

  it('is recorded once, and gets no change record when he cannot be', async () => {
    await vi.waitFor(async () => expect((await harness.json(`/v1/rollouts/${id}`)).status).toBe(200), SOON);
    const read = (path: string): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> =>
      harness.json(`/v1/rollouts/${id}/${path}`);
    expect((await read('report')).status).toBe(200);
    expect((await read('report')).status).toBe(200);
    expect((await read('targets')).status).toBe(200);
    const entries = async (): Promise<AccessEntry[]> => {
      const found: AccessEntry[] = [];
      for await (const entry of accessEntries(harness.nats)) found.push(entry);
      return found;
    };
    const ofReports = async (): Promise<AccessEntry[]> =>
      (await entries()).filter(({ operation }) => operation === 'getReport' || operation === 'listTargets');
    await vi.waitFor(async () => expect(await ofReports()).not.toEqual([]), SOON);
    expect(await ofReports()).toEqual([
      expect.objectContaining({
        what: 'read',
        operation: 'getReport',
        subject: id,
        by: expect.stringMatching(/^\w+:\w+/),
      }),
    ]);
    await (await jetstreamManager(harness.nats)).streams.delete(STREAMS.access);
    expect(await read('record')).toMatchObject({ status: 503, body: { code: 'ACCESS_NOT_RECORDED' } });
    expect((await read('decisions')).status).toBe(200);
    expect((await read('targets')).status).toBe(200);
  });
});
