import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { EMPTY_HEAD, groupStreamId, shardOfGroup, STREAMS } from '@sluice/contracts';
import { JetStreamEventLog } from '@sluice/event-log';
import { connectNats, provision, type RunningService } from '@sluice/messaging';
import { createLogger, newUlid, systemClock } from '@sluice/observability';
import { generateKeys, openCheckpoint, parseConsistency, parseVerifierKey, verifyConsistency } from '@sluice/proof';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { startCheckpointer } from './start.js';

const { signer: key, verifier } = generateKeys('sluice.example/log');
const known = [parseVerifierKey(verifier)];
const SOON = { timeout: 30_000, interval: 20 };

describe('the checkpointer on a log on JetStream', { timeout: 60_000 }, () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let folder: string;
  let hook: Server;
  let posted: string[];
  let service: RunningService | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice checkpoints '));
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'checkpoints' });
    await provision(nats);
    posted = [];
    hook = createServer((request, response) => {
      void text(request).then((note) => {
        posted.push(note);
        response.end();
      });
    });
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  }, 60_000);
  afterEach(async () => {
    await service?.stop();
    hook.close();
    await nats.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (): Promise<void> => {
    const address = hook.address();
    const webhook = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}/checkpoints`;
    const logger = createLogger('checkpointer', 'silent');
    const log = new JetStreamEventLog(nats);
    service = await startCheckpointer({ nats, log, clock: systemClock, logger, key, folder, everyMs: 100, webhook });
  };
  const files = async (suffix: string): Promise<readonly string[]> =>
    (await readdir(folder)).filter((name) => name.endsWith(suffix) && !name.startsWith('.')).toSorted();
  const opened = async (name: string) => openCheckpoint(await readFile(join(folder, name)), known);
  const untilSize = (size: number) =>
    vi.waitFor(async () => {
      const checkpoint = await opened('latest.checkpoint');
      if (checkpoint.size !== size) throw new Error(`it has ${checkpoint.size}`);
      return checkpoint;
    }, SOON);

  it('writes signed checkpoints with their proofs, goes on after a restart, and shows them elsewhere', async () => {
    const log = new JetStreamEventLog(nats);
    const group = 'checkpointed';
    const stream = { shard: shardOfGroup(group), writer: 'group', id: groupStreamId(group) } as const;
    const meta = { by: { id: 'ana', kind: 'user' }, cause: 'c', corr: 'r' } as const;
    const draft = (host: string) => ({
      ...{ id: newUlid(), at: Date.now() },
      events: [{ event: { type: 'HostExcluded', host, reason: 'spare' } as const, meta }],
    });
    const first = await log.append(stream, EMPTY_HEAD, draft('a'));
    await start();
    const before = await untilSize(1);
    await service?.stop();
    const second = await log.append(stream, first, draft('b'));
    await log.append(stream, second, draft('c'));
    await start();
    const after = await untilSize(3);
    await vi.waitFor(() => expect(posted.length).toBeGreaterThan(1), SOON);
    await service?.stop();

    const steps = await Promise.all((await files('.consistency')).map((name) => readFile(join(folder, name), 'utf8')));
    const proof = steps
      .map((step) => parseConsistency(step))
      .find((step) => step.before === 1 && step.hashes.length > 0);
    verifyConsistency(before, after, proof?.hashes ?? []);
    expect(await readFile(join(folder, 'verifier.pub'), 'utf8')).toBe(`${verifier}\n`);
    expect(openCheckpoint(posted[0] ?? '', known).size).toBe(1);
    const manager = await jetstreamManager(nats);
    const last = await manager.streams.getMessage(STREAMS.checkpoints, { seq: 1 });
    expect(openCheckpoint(last?.data ?? '', known).size).toBe(1);
    expect((await files('.checkpoint')).length).toBeGreaterThan(2);
  });
});
