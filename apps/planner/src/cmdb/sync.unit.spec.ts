import { SluiceError } from '@sluice/kernel';
import { silentLog } from '@sluice/messaging';
import { describe, expect, it } from 'vitest';

import { InventoryStore } from '../inventory/store.js';
import type { CmdbAnswer, CmdbSource } from './port.js';
import { CmdbSync } from './sync.js';

const PROFILE = { kind: 'process', command: ['node', 'server.js'], stopGraceMs: 1_000 } as const;
const down = new SluiceError('CMDB_UNAVAILABLE', 'the CMDB at cmdb.example did not answer: ECONNREFUSED');
const says = (version: number, ...members: readonly string[]): CmdbAnswer => ({
  kind: 'document',
  document: { name: 'web', app: 'shop', environment: 'production', version, members },
  etag: `"${version}"`,
});

/** A CMDB in memory; answers are given when a test says so, and pauses pass at once. */
class Rig implements CmdbSource {
  time = 1_700_000_000_000;
  answer: CmdbAnswer | SluiceError = says(1, 'a', 'b');
  /** How long an answer takes. */
  costMs = 0;
  readonly asked: (string | undefined)[] = [];
  readonly changes: string[] = [];
  readonly store = new InventoryStore(({ key }) => void this.changes.push(key));
  #held: Promise<void> = Promise.resolve();
  readonly sync = new CmdbSync({
    source: this,
    store: this.store,
    log: silentLog,
    clock: { now: () => this.time, schedule: (_, fire) => (queueMicrotask(fire), () => undefined) },
  });

  async fetch(_: string, etag?: string): Promise<CmdbAnswer> {
    this.asked.push(etag);
    await this.#held;
    this.time += this.costMs;
    if (this.answer instanceof SluiceError) throw this.answer;
    return this.answer;
  }

  /** Answers wait until the returned function is called. */
  hold(): () => void {
    let release = (): void => undefined;
    this.#held = new Promise((resolve) => (release = resolve));
    return release;
  }

  /** Asks again a while later: what was fetched a moment ago would be the answer itself. */
  later(ms = 60_000) {
    this.time += ms;
    return this.sync.sync('web');
  }

  async hosts(): Promise<readonly string[]> {
    return (await this.store.members('web')).map(({ entry }) => entry.host).toSorted();
  }
}

describe('a sync with the CMDB', () => {
  it('TAR-42 100 concurrent syncs of a group are one call upstream, and all get its result', async () => {
    const rig = new Rig();
    const release = rig.hold();
    const syncs = Array.from({ length: 100 }, async () => {
      const synced = await rig.sync.sync('web');
      return [synced, await rig.hosts()];
    });
    const other = rig.sync.sync('db');
    release();
    expect(await Promise.all(syncs)).toEqual(Array.from({ length: 100 }, () => [{}, ['a', 'b']]));
    // The answer for the other group names this one.
    expect(await other).toEqual({ trouble: 'the CMDB answered "db" with another group' });
    expect(rig.asked).toHaveLength(2);
  });

  it('TAR-42 all of them get the failure too, after a bound number of tries', async () => {
    const rig = new Rig();
    rig.answer = down;
    const syncs = await Promise.all(Array.from({ length: 100 }, () => rig.sync.sync('web')));
    expect(new Set(syncs.map(({ trouble }) => trouble))).toEqual(new Set([down.message]));
    expect(rig.asked).toHaveLength(3);
    // A dead CMDB is left alone for a while, whichever group is asked for, and then asked again.
    expect(await rig.sync.sync('db')).toEqual({ trouble: down.message });
    expect(rig.asked).toHaveLength(3);
    rig.answer = says(1, 'a');
    expect(await rig.later()).toEqual({});
    expect([rig.asked.length, await rig.hosts()]).toEqual([4, ['a']]);
  });

  it('waits only once for a CMDB that swallows questions', async () => {
    const rig = new Rig();
    rig.answer = down;
    rig.costMs = 3_000;
    expect(await rig.sync.sync('web')).toEqual({ trouble: down.message });
    expect(rig.asked).toHaveLength(1);
  });

  it('does not repeat a question that was refused', async () => {
    const rig = new Rig();
    rig.answer = new SluiceError('CMDB_REFUSED', 'refused with status 401');
    expect(await rig.sync.sync('web')).toEqual({ trouble: 'refused with status 401' });
    expect(rig.asked).toHaveLength(1);
  });

  it('TAR-08 stores the group with source, version and time, and is asked with the etag the next time', async () => {
    const rig = new Rig();
    await rig.sync.sync('web');
    const first = rig.time;
    expect(await rig.store.group('web')).toMatchObject({ source: 'cmdb', version: 1, fetchedAt: first, etag: '"1"' });
    expect((await rig.store.members('web'))[0]).toMatchObject({ source: 'cmdb', version: 1, fetchedAt: first });
    rig.answer = { kind: 'unchanged' };
    rig.changes.length = 0;
    expect(await rig.later()).toEqual({});
    expect(rig.asked).toEqual([undefined, '"1"']);
    expect(await rig.store.group('web')).toMatchObject({ version: 1, fetchedAt: rig.time });
    expect(rig.changes).toEqual(['group.web']);
  });

  it('stores only members of which the CMDB says something new', async () => {
    const rig = new Rig();
    await rig.sync.sync('web');
    rig.changes.length = 0;
    rig.answer = says(2, 'b', 'c');
    await rig.later();
    expect(rig.changes.toSorted()).toEqual(['group.web', 'member.web.a', 'member.web.c']);
    expect(await rig.hosts()).toEqual(['b', 'c']);
  });

  it('TAR-09 ignores an answer that is older than what a message brought, and says so', async () => {
    const rig = new Rig();
    await rig.sync.sync('web');
    const newer = { group: { name: 'web', app: 'shop', environment: 'production' }, version: 3 } as const;
    rig.store.define('cmdb', { ...newer, members: [{ host: 'n' }] }, 'replace', rig.time);
    rig.answer = says(2, 'b');
    expect((await rig.later()).trouble).toContain('answered with version 2, older than the 3');
    expect(await rig.hosts()).toEqual(['n']);
  });

  it('keeps what a file said of how to install, as the CMDB does not know it', async () => {
    const rig = new Rig();
    const group = { name: 'web', app: 'shop', environment: 'test', profile: PROFILE, drainWindowMs: 7 } as const;
    rig.store.define('file', { group, members: [{ host: 'old' }], version: undefined }, 'replace', rig.time);
    await rig.sync.sync('web');
    const entry = (await rig.store.group('web'))?.entry;
    expect(entry).toEqual({ ...group, environment: 'production' });
    expect(await rig.hosts()).toEqual(['a', 'b']);
  });

  it('keeps the sides that a file gave a group, and takes no hosts for it', async () => {
    const rig = new Rig();
    const sides = { names: ['flip', 'flop'], services: [{ name: 'web' }], capacity: 'autoscaler' } as const;
    const group = { name: 'web', app: 'shop', environment: 'test', sides } as const;
    rig.store.define('file', { group, members: [], version: undefined }, 'replace', rig.time);
    await rig.sync.sync('web');
    expect((await rig.store.group('web'))?.entry).toEqual({ ...group, environment: 'production' });
    expect(await rig.hosts()).toEqual([]);
  });

  it('leaves a group alone that the CMDB does not know, and says when it knew it before', async () => {
    const rig = new Rig();
    await rig.sync.sync('web');
    rig.answer = { kind: 'unknown' };
    expect((await rig.later()).trouble).toContain('does not know the group "web" any more');
    expect(await rig.hosts()).toEqual(['a', 'b']);
    expect(await new Rig().store.group('db')).toBeUndefined();
  });

  it('takes nothing of a document with faults, and names them', async () => {
    const rig = new Rig();
    rig.answer = { kind: 'document', document: { name: 'web', app: 'shop', members: [{ ip: '1.2.3.4' }] } };
    const { trouble } = await rig.sync.sync('web');
    expect(trouble).toMatch(/cannot be used: .*\/environment is missing/);
    expect(await rig.store.group('web')).toBeUndefined();
  });
});
