import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import type { NatsConnection } from '@nats-io/nats-core';
import { unitOf } from '@sluice/archiver';
import { exportedFrom } from '@sluice/audit';
import {
  decodeCommit,
  EMPTY_HEAD,
  groupStreamId,
  shardOfGroup,
  shardOfId,
  type StreamHead,
  type Writer,
} from '@sluice/contracts';
import {
  ArchiveWriter,
  DirectoryArchiveStore,
  JetStreamArchiveSource,
  JetStreamEventLog,
  type RawCommit,
  type UnitToArchive,
} from '@sluice/event-log';
import { type RunningGateway, startGateway } from '@sluice/gateway';
import { connectNats, provision } from '@sluice/messaging';
import { createLogger, newUlid, systemClock } from '@sluice/observability';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Ran, sluice } from '../cli.suite.js';
import { EXIT } from '../client/exit.js';

const MINUTE = 60_000;
const GOLDEN = fileURLToPath(new URL('../../../../libs/audit/fixtures/0.1.0/chaos-35.jsonl.gz', import.meta.url));
const KEPT: ReadonlySet<string> = new Set(['plan', 'exec', 'gate', 'group']);

/** A log of four rollouts of one group: a canary that fails, what its policy takes back, and what was superseded. */
describe('sluice explain', () => {
  let folder: string;
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let gateway: RunningGateway;
  let ids: readonly string[] = [];
  const cli = (...args: string[]): Promise<Ran> => sluice(gateway.url, ...args);
  const braked = async (): Promise<string> => {
    for (const id of ids) if ((await cli('explain', id, '--kind', 'brake')).out.includes('braked')) return id;
    throw new Error('no rollout of the history brakes');
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-explain-'));
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'explain test' });
    await provision(nats);
    const log = new JetStreamEventLog(nats);
    ids = await plant(log);
    const logger = createLogger('gateway', 'silent');
    gateway = await startGateway({ nats, log, clock: systemClock, logger, newId: newUlid, port: 0, openLocally: true });
  }, MINUTE);
  afterAll(async () => {
    await gateway?.stop();
    await nats?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  }, MINUTE);

  it('tells every brake, admission, approval and lease with its rule and its arithmetic', async () => {
    const { exit, out } = await cli('explain', await braked());
    expect(exit).toBe(EXIT.ok);
    expect(out).toMatch(/plan:1\.\d +plan +\S+ for shop-prod: A = max\(1, floor\(G \d+ \* p \d+ \/ 100\)\) = \d+;/);
    expect(out).toMatch(/group:\d+\.\d +lease +granted: token \d+ > the token before \d+; nobody had the lease/);
    expect(out).toMatch(/ admission +1 target admitted: unavailable 0 \+ taken out 1 = 1 <= A \d+/);
    expect(out).toMatch(/ brake +braked: canary: failed canaries 1 > forgiven 0: host-\d+ failed at \w+,/);
    expect(out).toMatch(/ rollback +back to \S+: rollback 1 of \S+: \d+ targets? touched/);
    expect(out).toMatch(/ end +cancelled \(rollback\): in a step 0 = allowed 0; /);
    expect(out).not.toContain('DOUBT');
  });

  it('one of them with all that it was decided on, by its revision, by its position, and as JSON', async () => {
    const id = await braked();
    const [line = ''] = (await cli('explain', id, '--kind', 'brake', '-o', 'json')).out.split('\n');
    const brake = JSON.parse(line) as { readonly rev: number; readonly index: number; readonly position: number };
    expect(brake).toMatchObject({ kind: 'brake', threshold: { name: 'forgiven', op: '>', value: 0, actual: 1 } });
    const { out } = await cli('explain', `${id}:${brake.rev}.${brake.index}`);
    expect(out).toMatch(/ +rule +brake: a canary failed, and nobody has taken that on/);
    expect(out).toMatch(/ +from +failed 1, forgiven 0, canaries \d+, hosts host-/);
    expect(out).toMatch(/ +limit +1 > forgiven 0/);
    expect(out).toMatch(/ +decided +by service:executor, on .+, at position \d+/);
    const there = (await cli('explain', id, '--position', String(brake.position))).out;
    expect(there).toContain(`${id}:${brake.rev}.${brake.index}  brake: braked: canary`);
    expect(there).toMatch(/after that: (ends|braked)/);
    expect((await cli('explain', `${id}:9999`)).out).toBe('nothing was decided there');
    expect((await cli('explain', id, '--kind', 'brakes')).err).toContain('"brakes" is none of plan, refusal');
  });

  it(
    'decides all of them again, over the API and from the bytes of an export or the live log',
    async () => {
      for (const id of ids) {
        const sources = [['--source', GOLDEN], ['--nats', server.url], []];
        for (const source of sources) {
          const { exit, out } = await cli('explain', id, '--verify', ...source);
          expect([exit, out], `${id} ${source.join(' ')}`).toEqual([
            EXIT.ok,
            expect.stringMatching(/[1-9]\d* decisions decided again: the same, byte for byte \(/),
          ]);
          expect(out.split('\n').slice(-2)).toEqual([
            '1 cannot be decided again:',
            expect.stringMatching(
              /^ {2}1 {2}a plan: the log has its hash and its budget \(they are right\), not the inventory/,
            ),
          ]);
        }
      }
    },
    MINUTE,
  );

  it('ends with 9 when a number of a brake is another, and says which', async () => {
    const id = await braked();
    const text = gunzipSync(await readFile(GOLDEN)).toString();
    const forged = join(folder, 'forged.jsonl');
    await writeFile(forged, text.replaceAll('"failed":1,"forgiven":0', '"failed":2,"forgiven":0'));
    const { exit, out } = await cli('explain', id, '--verify', '--source', forged);
    expect(exit).toBe(EXIT.altered);
    expect(out).toMatch(/DOUBT: recorded is failed 2, the log before it makes 1/);
    expect(out).toMatch(/DIFFERS: decided again it is \{"type":"RolloutBraked".*"failed":1.*recorded is .*"failed":2/);
    expect(out).toMatch(/\d+ decisions decided again: \d+ the same, 1 DIFFER from what is recorded/);
    expect((await cli('explain', id, '--source', forged)).exit).toBe(EXIT.ok);
  });

  it('takes no lease for missing in an archive whose group went on in the live log', async () => {
    const archive = join(folder, 'archive');
    await archived(nats, archive, ids);
    for (const id of ids.toReversed()) {
      const { exit, out } = await cli('explain', id, '--verify', '--source', archive);
      expect([exit, out], id).toEqual([EXIT.ok, expect.stringMatching(/decided again: the same, byte for byte \(/)]);
      expect(out).not.toContain("from the group's own stream");
    }
    const last = ids.at(-1) ?? '';
    const both = ['--nats', server.url, '--archive', archive];
    expect((await cli('explain', last, '--verify', ...both)).out).toContain("from the group's own stream");
    expect((await cli('explain', ids[0] ?? '', '--source', archive)).out).toContain('granted: token');
  });

  it('gives them page by page over the API, with what the group decided', async () => {
    const id = await braked();
    const told: string[] = [];
    let cursor = '';
    do {
      const answer = await fetch(`${gateway.url}/v1/rollouts/${id}/decisions?limit=7${cursor}`);
      const page = (await answer.json()) as { items: { id: string }[]; next: string | null; standing: object | null };
      told.push(...page.items.map((item) => item.id));
      cursor = page.next === null ? '' : `&cursor=${page.next}`;
    } while (cursor !== '');
    const all = (await cli('explain', id, '-o', 'jsonl')).out
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string });
    expect(told).toEqual(all.map((decision) => decision.id));
  });

  it('says what there is not', async () => {
    const none = await cli('explain', 'r00-00000000000000000000000000', '--source', GOLDEN);
    expect([none.exit, none.err]).toEqual([EXIT.notFound, expect.stringContaining('there is no rollout')]);
    expect((await cli('explain', 'r00-00000000000000000000000000')).exit).toBe(EXIT.notFound);
  });
});

/** The golden history as a log of its own: its commits in order. The rollouts that it planned. */
async function plant(log: JetStreamEventLog): Promise<readonly string[]> {
  const heads = new Map<string, StreamHead>();
  const planned: string[] = [];
  for await (const { bytes } of exportedFrom(gunzipSync(await readFile(GOLDEN)))) {
    const { id, stream, at, events, meta } = decodeCommit(bytes);
    const [writer = '', name = ''] = stream.split('.');
    if (!KEPT.has(writer)) continue;
    const shard = shardOfId(name) ?? (name === groupStreamId('shop-prod') ? shardOfGroup('shop-prod') : '00');
    const to = { shard, writer: writer as Writer, id: name };
    const draft = { id, at, events: events.map((event, i) => ({ event, meta: meta[i] ?? NOBODY })) };
    heads.set(stream, await log.append(to, heads.get(stream) ?? EMPTY_HEAD, draft));
    if (events.some(({ type }) => type === 'RolloutPlanned')) planned.push(name);
  }
  return planned;
}

/** The rollouts whole, and of their group what it said until the second of them was planned. */
async function archived(nats: NatsConnection, folder: string, rollouts: readonly string[]): Promise<void> {
  const source = new JetStreamArchiveSource(nats);
  const commitsOf = async (shard: string, id: string): Promise<readonly RawCommit[]> => {
    const commits: RawCommit[] = [];
    for await (const commit of source.raw({ shard, id })) commits.push(commit);
    return commits;
  };
  const units: UnitToArchive[] = [];
  for (const id of rollouts) {
    const unit = unitOf(id, await commitsOf(shardOfId(id) ?? '', id));
    if (unit !== undefined) units.push(unit);
  }
  const until = units[1]?.commits[0]?.position ?? 0;
  const group = await commitsOf(shardOfGroup('shop-prod'), groupStreamId('shop-prod'));
  const commits = group.filter(({ position }) => position < until);
  const writer = new ArchiveWriter(new DirectoryArchiveStore(folder));
  await writer.open();
  await writer.write([...units, { kind: 'group', id: groupStreamId('shop-prod'), commits }], 1);
}

const NOBODY = { by: { id: 'unknown', kind: 'service' }, cause: '', corr: '' } as const;
