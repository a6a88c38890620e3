import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { jetstream } from '@nats-io/jetstream';
import { STREAMS } from '@sluice/contracts';
import { connectNats, provision } from '@sluice/messaging';
import { startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sluice } from '../cli.suite.js';
import { EXIT } from '../client/exit.js';
import { linesOf, subjectOf } from './audit.suite.js';

/** A history with an approval. */
const HISTORY = new URL('../../../../libs/audit/fixtures/0.1.0/chaos-35.jsonl.gz', import.meta.url);

interface Stored {
  readonly stream: string;
  readonly rev: number;
  readonly events: readonly { readonly type: string; readonly by?: { readonly id: string } }[];
}

const commits = gunzipSync(readFileSync(HISTORY)).toString().trimEnd().split('\n').map(commitIn);
const parsed = commits.map((text) => JSON.parse(text) as Stored);

function commitIn(line: string): string {
  return line.slice(line.indexOf('"commit":') + 9, -1);
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const approvedAt = parsed.findIndex(({ events }) => events.some(({ type }) => type === 'ApprovalGranted'));
const course = parsed[approvedAt]?.stream ?? '';
const places = parsed.flatMap(({ stream }, i) => (stream === course ? [i] : []));
/** Two neighbours of that stream. */
const [first = 0, second = 0] = places.slice(2, 4);

/** Who asked for the rollout is said to have approved it, and all that follows in the stream is chained anew. */
function forged(): readonly string[] {
  const plan = commits.find((text) => text.includes('"type":"RolloutPlanned"') && text.includes(course.slice(5))) ?? '';
  const requester = /"requestedBy":\{"id":"([^"]+)"/.exec(plan)?.[1] ?? '';
  const changed = [...commits];
  let prev: string | undefined;
  for (const i of places.filter((place) => place >= approvedAt)) {
    const text = changed[i] ?? '';
    const chained = prev === undefined ? text : text.replace(/"prev":"[\da-f]{64}"/, `"prev":"${prev}"`);
    changed[i] =
      i === approvedAt ? chained.replaceAll(/"by":\{"id":"[^"]+","kind":"user"\}/g, byUser(requester)) : chained;
    prev = sha256(changed[i]);
  }
  return changed;
}

const byUser = (id: string): string => `"by":{"id":"${id}","kind":"user"}`;

const swapped = (): readonly string[] => commits.with(first, commits[second] ?? '').with(second, commits[first] ?? '');

describe('a log whose files in the store were put in the place of others', { timeout: 180_000 }, () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);
  const offline = (command: string, ...args: string[]) => sluice('http://127.0.0.1:1', 'audit', command, ...args);

  /** A store that a server has written, and closed. */
  async function written(name: string, log: readonly string[]): Promise<string> {
    const server = await startNatsServer({ storeDir: at(name) });
    const nats = await connectNats({ servers: server.url, name: 'tampered store' });
    await provision(nats);
    for (const text of log) await jetstream(nats).publish(subjectOf(Buffer.from(text)), text);
    await nats.close();
    await server.stop();
    return at(name);
  }

  /** The files of the log in a store. */
  async function logOf(store: string): Promise<string> {
    const names = await readdir(store, { recursive: true });
    return join(store, names.find((name) => name.endsWith(STREAMS.log)) ?? 'none');
  }

  async function verified(store: string): Promise<{ readonly exit: number; readonly out: string }> {
    const server = await startNatsServer({ storeDir: store });
    const rest = ['--nats', server.url, '--checkpoint', at('whole.checkpoint'), '--key', at('log.key.pub')];
    const said = await offline('verify', ...rest);
    await server.stop();
    return said;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice tampered '));
    await offline('keygen', 'sluice.example/log', '--out', at('log.key'));
    await writeFile(at('log.jsonl'), linesOf(commits.map((text) => Buffer.from(text))));
    await offline('checkpoint', at('log.jsonl'), '--signer', at('log.key'), '--out', at('whole.checkpoint'));
    await written('whole', commits);
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is well before', async () => {
    expect(approvedAt).toBeGreaterThan(0);
    expect(await verified(at('whole'))).toMatchObject({ exit: EXIT.ok });
  });

  it.each([
    ['a commit was removed', () => commits.toSpliced(first, 1), 'REV_GAP'],
    ['the tail was cut', () => commits.slice(0, -3), 'TAIL_CUT'],
    ['a pair was reordered', swapped, 'REV_BACK'],
    ['an approval was forged, with a chain that fits', forged, 'I13'],
  ] as const)('%s', async (kind, log, code) => {
    const other = await written(`${kind} by`, log());
    const store = at(kind);
    await cp(at('whole'), store, { recursive: true });
    const target = await logOf(store);
    await rm(target, { recursive: true });
    await cp(await logOf(other), target, { recursive: true });
    const { exit, out } = await verified(store);
    expect(out).toContain(code);
    expect(out).toContain('0 of 1 checkpoints hold');
    expect(exit).toBe(EXIT.altered);
  });

  it.each([
    ['a commit was removed', () => commits.toSpliced(first, 1), 'REV_GAP'],
    ['the tail was cut', () => commits.slice(0, -3), 'TAIL_CUT'],
    ['a pair was reordered', swapped, 'REV_BACK'],
    ['an approval was forged, with a chain that fits', forged, 'I13'],
    [
      'a byte was flipped',
      () => commits.with(first, (commits[first] ?? '').replace('"id":"0', '"id":"1')),
      'CHAIN_BROKEN',
    ],
  ] as const)('and in an export: %s', async (_, log, code) => {
    await writeFile(at('export.jsonl'), linesOf(log().map((text) => Buffer.from(text))));
    const rest = ['--checkpoint', at('whole.checkpoint'), '--key', at('log.key.pub')];
    const { exit, out } = await offline('verify', at('export.jsonl'), ...rest);
    expect(out).toContain(code);
    expect(exit).toBe(EXIT.altered);
  });
});
