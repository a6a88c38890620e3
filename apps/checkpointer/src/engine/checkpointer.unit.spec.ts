import { silentLog } from '@sluice/messaging';
import {
  generateKeys,
  openCheckpoint,
  parseConsistency,
  parseSignerKey,
  readCheckpoint,
  verifyConsistency,
} from '@sluice/proof';
import { VirtualClock } from '@sluice/testing';
import { beforeEach, describe, expect, it } from 'vitest';

import { Checkpointer, type CheckpointerDeps } from './checkpointer.js';
import type { CheckpointStore, Publisher, SignedCheckpoint, SignedLog, SignerState } from './ports.js';

const keys = generateKeys('sluice.example/log');
const signer = parseSignerKey(keys.signer);

/** Positions from 1; what is undefined was taken out by the archiver. */
class FakeLog implements SignedLog {
  entries: (string | undefined)[] = [];
  archived: readonly string[] | undefined;

  async position(): Promise<number> {
    return this.entries.length;
  }

  from(position: number) {
    return told(this.entries, position);
  }

  get withArchive() {
    const { archived } = this;
    if (archived === undefined) return undefined;
    return (position: number) => told(Object.assign([...this.entries], archived), position);
  }
}

async function* told(entries: readonly (string | undefined)[], from: number) {
  await Promise.resolve();
  for (const [i, text] of entries.entries())
    if (text !== undefined && i + 1 >= from) yield { position: i + 1, bytes: Buffer.from(text) };
}

class Kept implements CheckpointStore {
  readonly signed: SignedCheckpoint[] = [];
  state: SignerState | undefined;

  async load(): Promise<SignerState | undefined> {
    return this.state;
  }

  async latest(): Promise<string | undefined> {
    return this.signed.at(-1)?.note;
  }

  async keep(signed: SignedCheckpoint, state: SignerState): Promise<void> {
    this.signed.push(signed);
    this.state = JSON.parse(JSON.stringify(state)) as SignerState;
  }
}

describe('the checkpointer', () => {
  let log: FakeLog;
  let store: Kept;
  let clock: VirtualClock;
  beforeEach(() => {
    log = new FakeLog();
    store = new Kept();
    clock = new VirtualClock();
  });

  const begun = (more: Partial<CheckpointerDeps> = {}): Checkpointer =>
    new Checkpointer({ log, store, signer, clock, logger: silentLog, publishers: [], everyMs: 3_600_000, ...more });

  const grow = (count: number): void => {
    for (let i = 0; i < count; i += 1) log.entries.push(`commit ${log.entries.length}`);
  };

  it('signs nothing of an empty log', async () => {
    expect(await begun().once()).toBeUndefined();
    expect(store.signed).toEqual([]);
  });

  it('signs checkpoints that each go on from the one before, whatever came in between', async () => {
    const checkpointer = begun();
    for (const count of [1, 1, 2, 3, 0, 7, 16, 1, 33]) {
      grow(count);
      await checkpointer.once();
    }
    for (const [i, { note, consistency }] of store.signed.entries()) {
      const after = openCheckpoint(note, [signer.verifier]);
      const before = store.signed[i - 1];
      if (before === undefined) continue;
      const proof = parseConsistency(consistency ?? '');
      expect(proof.checkpoint).toBe(note);
      verifyConsistency(readCheckpoint(before.note), after, proof.hashes);
    }
    expect(store.signed.map(({ size }) => size)).toEqual([1, 2, 4, 7, 7, 14, 30, 31, 64]);
  });

  it('says when it was signed, also when nothing happened', async () => {
    grow(3);
    const stop = new AbortController();
    const running = begun().run(stop.signal);
    await clock.runUntil(() => store.signed.length === 3);
    stop.abort();
    await running;
    const heads = store.signed.map(({ note }) => readCheckpoint(note));
    expect(new Set(heads.map(({ root }) => root.toString('hex'))).size).toBe(1);
    expect(new Set(heads.flatMap(({ extensions }) => extensions)).size).toBe(3);
  });

  it('goes on after a restart, and signs a long log in several steps', async () => {
    grow(10);
    await begun({ maxLeaves: 4 }).once();
    grow(5);
    await begun({ maxLeaves: 4 }).once();
    expect(store.signed.map(({ size }) => size)).toEqual([4, 8, 10, 14, 15]);
  });

  it('does not need what it has signed already', async () => {
    grow(6);
    await begun().once();
    log.entries.fill(undefined, 0, 6);
    grow(2);
    expect((await begun().once())?.size).toBe(8);
  });

  const refused = async (code: string): Promise<void> => {
    const count = store.signed.length;
    await expect(begun().once()).rejects.toMatchObject({ code });
    expect(store.signed).toHaveLength(count);
  };

  it('refuses a log that lost its tail', async () => {
    grow(6);
    await begun().once();
    log.entries.pop();
    await refused('LOG_SHORTENED');
    store.state = undefined;
    await refused('LOG_SHORTENED');
  });

  it('refuses a log in which another commit stands where the last one was signed', async () => {
    grow(6);
    await begun().once();
    log.entries[5] = 'forged';
    grow(3);
    await refused('LOG_CHANGED');
  });

  it('holds a log that is read anew against the last checkpoint', async () => {
    grow(6);
    await begun().once();
    store.state = undefined;
    grow(4);
    expect(parseConsistency((await begun({ maxLeaves: 4 }).once())?.consistency ?? '').before).toBe(6);
    store.state = undefined;
    log.entries[2] = 'forged';
    await refused('LOG_CHANGED');
  });

  it('finds in the archive what was moved before it was signed, and refuses when nobody has it', async () => {
    grow(6);
    log.archived = ['commit 0', 'commit 1'];
    log.entries.fill(undefined, 0, 2);
    expect((await begun().once())?.size).toBe(6);
    store = new Kept();
    log.archived = undefined;
    await refused('LOG_INCOMPLETE');
    log.archived = ['commit 0'];
    await refused('LOG_INCOMPLETE');
  });

  it('refuses what it remembers when that is not what was signed', async () => {
    grow(6);
    await begun().once();
    const { state } = store;
    store.state = state === undefined ? state : { ...state, range: { size: 0, peaks: [] } };
    await refused('BAD_STATE_FILE');
    const other = parseSignerKey(generateKeys('sluice.example/log').signer);
    store.state = state;
    await expect(begun({ signer: other }).once()).rejects.toMatchObject({ code: 'BAD_STATE_FILE' });
  });

  it('goes on when a publisher fails, and says every refusal as an error', async () => {
    grow(2);
    const told: string[] = [];
    const failing: Publisher = { name: 'webhook', publish: () => Promise.reject(new Error('503')) };
    const logger = { ...silentLog, error: (_: object, words: string) => void told.push(words) };
    const stop = new AbortController();
    const running = begun({ publishers: [failing], logger }).run(stop.signal);
    await clock.runUntil(() => store.signed.length === 2);
    log.entries.pop();
    await clock.runUntil(() => told.length === 2);
    stop.abort();
    await running;
    expect(told).toEqual(['NO CHECKPOINT IS SIGNED', 'NO CHECKPOINT IS SIGNED']);
    expect(store.signed).toHaveLength(2);
  });

  it('says how it stands: what was signed, why nothing is any more, and that it is well again', async () => {
    const stop = new AbortController();
    log.entries = ['a', 'b'];
    const checkpointer = begun();
    const counted: string[] = [];
    checkpointer.turns.counted = (kind, code) => counted.push(`${kind} ${code}`);
    const running = checkpointer.run(stop.signal);
    const at = clock.now();
    await clock.runUntil(() => checkpointer.turns.status.size === 2);
    expect(checkpointer.turns.status).toEqual({ size: 2, at, everyMs: 3_600_000 });
    log.entries = ['a'];
    await clock.runUntil(() => checkpointer.turns.status.refused !== undefined);
    expect(checkpointer.turns.status).toMatchObject({ size: 2, at, refused: { code: 'LOG_SHORTENED' } });
    log.entries = ['a', 'b', 'c'];
    await clock.runUntil(() => checkpointer.turns.status.size === 3);
    expect(checkpointer.turns.status.refused).toBeUndefined();
    expect(counted).toEqual(['refusal LOG_SHORTENED']);
    expect(begun().turns.status).toEqual({ everyMs: 3_600_000 });
    stop.abort();
    await running;
  });
});
