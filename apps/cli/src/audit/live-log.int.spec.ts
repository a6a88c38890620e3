import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { STREAMS } from '@sluice/contracts';
import { connectNats, provision } from '@sluice/messaging';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { sluice } from '../cli.suite.js';
import { EXIT } from '../client/exit.js';
import { goldenCommits, subjectOf } from './audit.suite.js';

/** Somewhere in the bytes of a commit, as they lie in the store's own file. */
const ALONE = '"type":"GateJudged"';
const BETWEEN = '"id":"01KDVDNKRJG7Y218Q9T6R899YE"';

describe('sluice audit over a log on JetStream', { timeout: 120_000 }, () => {
  let folder: string;
  let server: RunningNatsServer;
  let nats: NatsConnection;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice live '));
    await serve();
    await provision(nats);
    for (const bytes of goldenCommits()) await jetstream(nats).publish(subjectOf(bytes), bytes);
  }, 60_000);
  afterEach(async () => {
    await nats.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const at = (name: string): string => join(folder, name);
  const serve = async (): Promise<void> => {
    server = await startNatsServer({ storeDir: at('store') });
    nats = await connectNats({ servers: server.url, name: 'live log' });
  };
  const audit = (command: string, ...args: string[]) =>
    sluice('http://127.0.0.1:1', 'audit', command, '--nats', server.url, ...args);

  it('verifies it, and a copy of it', async () => {
    expect(await audit('verify')).toMatchObject({ exit: EXIT.ok });
    expect(await audit('export', '--format', 'commits', '--out', at('copy'))).toMatchObject({ exit: EXIT.ok });
    const copy = await sluice('http://127.0.0.1:1', 'audit', 'verify', at('copy'));
    expect(copy.out).toContain('ok: nothing was found');
    expect((await sluice('http://127.0.0.1:1', 'audit', 'verify-export', at('copy'))).exit).toBe(EXIT.ok);
  });

  it('records who exports before anything is read', async () => {
    const args = ['--by', 'executor', '--format', 'csv', '--out', at('exports'), '--actor', 'user:ana'];
    expect((await audit('export', ...args)).out).toContain(`recorded in ${STREAMS.access} at 1`);
    const manager = await jetstreamManager(nats);
    const recorded = await manager.streams.getMessage(STREAMS.access, { seq: 1 });
    expect(recorded?.json()).toMatchObject({
      ...{ v: 1, by: 'user:ana', what: 'export', format: 'csv', filter: { actor: 'executor' } },
    });
    expect((await audit('access')).out).toMatch(/^1 {2}\S+ {2}user:ana {2}export csv \{"actor":"executor"\}$/m);
    expect((await audit('access', '--by', 'ana', '--since', '1h')).out).toContain('user:ana');
    expect((await audit('access', '--by', 'rita')).out).toBe('');
    const forged = 'user:rita\n7  2026-01-01T00:00:00.000Z  user:root  export csv \u001b[2J\u202e';
    await audit('export', '--format', 'csv', '--out', at('more'), '--actor', forged);
    const lines = (await audit('access')).out.split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^2 {2}\S+ {2}user:rita\ufffd7 .* export csv \ufffd\[2J\ufffd {2}export csv$/);
    await manager.streams.delete(STREAMS.access);
    const { exit, err } = await audit('export', '--out', at('secret'));
    expect(exit).toBe(EXIT.error);
    expect(err).toContain('cannot be recorded');
    expect(await readdir(folder)).not.toContain('secret');
  });

  // What a server makes of it is its own business: one of 2.10 leaves out the message that its checksum does not fit, and
  // says nothing. Between two others of a stream it is missed; the only one of its stream only a checkpoint misses.
  it.each([
    ['between others', BETWEEN, /REV_GAP|CHAIN_BROKEN|UNREADABLE|SOURCE_BROKEN|TAIL_CUT/],
    ['alone in its stream', ALONE, /TAIL_CUT|ROOT_MISMATCH|SOURCE_BROKEN/],
  ])('finds a commit %s that was changed in the file of a stopped server', async (_, mark, codes) => {
    const secret = at('log.key');
    await sluice('', 'audit', 'keygen', 'sluice.example/log', '--out', secret);
    await audit('checkpoint', '--signer', secret, '--out', at('whole.checkpoint'));
    await nats.close();
    await server.stop();
    await flipByte(at('store'), mark);
    await serve();
    const { exit, out } = await audit('verify', '--checkpoint', at('whole.checkpoint'), '--key', `${secret}.pub`);
    expect(out).toMatch(codes);
    expect(out).toContain('0 of 1 checkpoints hold');
    expect(exit).toBe(EXIT.altered);
  });
});

/** One byte of the message block that holds the text. */
async function flipByte(store: string, text: string): Promise<void> {
  const files = (await readdir(store, { recursive: true })).filter((name) => name.endsWith('.blk'));
  for (const name of files.filter((file) => file.includes(STREAMS.log))) {
    const bytes = await readFile(join(store, name));
    const place = bytes.indexOf(text);
    if (place < 0) continue;
    bytes[place + 3] = (bytes[place + 3] ?? 0) ^ 1;
    await writeFile(join(store, name), bytes);
    return;
  }
  throw new Error(`no file of the store holds ${text}`);
}
