import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NatsConnection } from '@nats-io/nats-core';
import { EMPTY_HEAD, groupStreamId, shardOfGroup } from '@sluice/contracts';
import { openEventLog } from '@sluice/event-log';
import { connectNats, provision } from '@sluice/messaging';
import { newUlid } from '@sluice/observability';
import { type RunningNatsServer, startFakeKurrentDb, startNatsServer } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { sluice } from '../cli.suite.js';
import { EXIT } from '../client/exit.js';

const stream = { shard: shardOfGroup('web'), writer: 'group', id: groupStreamId('web') } as const;
const meta = { by: { id: 'ana', kind: 'user' }, cause: 'c', corr: 'r' } as const;

describe('sluice audit over a log on KurrentDB', { timeout: 120_000 }, () => {
  let folder: string;
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let kurrent: Awaited<ReturnType<typeof startFakeKurrentDb>>;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice kurrent '));
    [server, kurrent] = await Promise.all([startNatsServer(), startFakeKurrentDb({ batch: false })]);
    nats = await connectNats({ servers: server.url, name: 'kurrent log' });
    await provision(nats);
    vi.stubEnv('SLUICE_LOG', kurrent.url);
    const opened = await openEventLog({ url: kurrent.url, credentials: '' }, nats);
    let head = EMPTY_HEAD;
    for (const host of ['a', 'b', 'c']) {
      const event = { type: 'HostExcluded', host, reason: 'spare' } as const;
      head = await opened.log.append(stream, head, { id: newUlid(), at: Date.now(), events: [{ event, meta }] });
    }
    await opened.close();
  }, 60_000);
  afterEach(async () => {
    vi.unstubAllEnvs();
    await nats.close();
    await Promise.all([server.stop(), kurrent.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  it('verifies it, signs it, proves a commit and exports it', async () => {
    const at = (name: string): string => join(folder, name);
    const audit = (command: string, ...args: string[]) =>
      sluice('http://127.0.0.1:1', 'audit', command, '--nats', server.url, ...args);
    await sluice('', 'audit', 'keygen', 'sluice.example/log', '--out', at('log.key'));
    const signed = await audit('checkpoint', '--signer', at('log.key'), '--out', at('now.checkpoint'));
    expect(signed).toMatchObject({ exit: EXIT.ok, err: '' });
    const verified = await audit('verify', '--checkpoint', at('now.checkpoint'), '--key', at('log.key.pub'));
    expect(verified.out).toContain('1 of 1 checkpoints hold');
    expect(verified.out).toContain('1 streams, 3 commits, 3 events');
    const proof = await audit(
      'prove',
      `group.${stream.id}:2`,
      '--checkpoint',
      at('now.checkpoint'),
      '--out',
      at('2.tlog-proof'),
    );
    expect(proof).toMatchObject({ exit: EXIT.ok });
    const exported = await audit('export', '--out', at('export'));
    expect(exported.out).toContain('recorded in SLUICE_ACCESS at 1');
    expect((await audit('verify', '--mirror', 'LOG_MIRROR')).err).toContain('leave --mirror out');
  });
});
