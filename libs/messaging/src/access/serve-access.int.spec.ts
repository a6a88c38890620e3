import { headers, type NatsConnection } from '@nats-io/nats-core';
import { SUBJECTS } from '@sluice/contracts';
import { type RunningNatsServer, startNatsServer, VirtualClock } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { connectNats } from '../connect.js';
import { provision } from '../provision.js';
import type { RunningService } from '../running-service.js';
import { serveAccess } from './serve-access.js';

const WITHIN_MS = 30_000;

describe('records of access for those who cannot write them', { timeout: 60_000 }, () => {
  const clock = new VirtualClock();
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let service: RunningService;
  beforeAll(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'auditors' });
    await provision(nats);
    let ids = 0;
    service = serveAccess({ nats, clock, newId: () => `id-${(ids += 1)}` });
    await nats.flush();
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await nats.close();
    await server.stop();
  });

  /** As the server would hand it over from the account of the auditors. */
  const ask = async (user: string, body: object = {}): Promise<Record<string, unknown>> => {
    const info = headers();
    info.set('Nats-Request-Info', JSON.stringify({ acc: 'AUDIT', user }));
    const draft = JSON.stringify({ by: 'user:rita', format: 'csv', ...body });
    const answer = await nats.request(SUBJECTS.accessRecord, draft, { headers: info, timeout: WITHIN_MS });
    return answer.json();
  };
  const refused = (words: string): object => ({
    ...{ ok: false, code: 'ACCESS_NOT_RECORDED' },
    message: expect.stringContaining(words) as unknown,
  });

  it('are sixty a minute for each user, so that nobody fills the stream for all', async () => {
    const first = await Promise.all(Array.from({ length: 60 }, () => ask('greedy')));
    expect(first.filter(({ position }) => position === undefined)).toEqual([]);
    expect(await ask('greedy')).toMatchObject(refused('try again in a minute'));
    expect(await ask('modest')).toMatchObject({ stream: 'SLUICE_ACCESS' });
    await clock.advance(60_000);
    expect(await ask('greedy')).toMatchObject({ stream: 'SLUICE_ACCESS' });
  });

  it('have names that can be shown, and no longer ones than anybody needs', async () => {
    expect(await ask('ned', { by: `user:${'n'.repeat(195)}`, format: 'f'.repeat(40) })).toMatchObject({
      stream: 'SLUICE_ACCESS',
    });
    for (const bad of [
      { by: `user:${'n'.repeat(196)}` },
      { by: 'user:ned\u001b[2J' },
      { by: '' },
      { format: 'f'.repeat(41) },
      { format: 'csv\n' },
    ])
      expect([bad, await ask('ned', bad)]).toMatchObject([bad, refused('control characters')]);
  });
});
