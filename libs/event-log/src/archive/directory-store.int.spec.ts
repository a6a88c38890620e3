import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { DirectoryArchiveStore } from './directory-store.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (read: Uint8Array | undefined): string | undefined => read && new TextDecoder().decode(read);

describe('DirectoryArchiveStore', () => {
  let folder: string;
  let store: DirectoryArchiveStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice archive store '));
    store = new DirectoryArchiveStore(join(folder, 'made', 'when', 'needed'));
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('gives a name once, to whoever comes first, and leaves nothing beside', async () => {
    const puts = await Promise.all(Array.from({ length: 20 }, (_, i) => store.put('segments/1', bytes(`by ${i}`))));
    expect(puts.filter((isOurs) => isOurs)).toHaveLength(1);
    expect(textOf(await store.get('segments/1'))).toBe(`by ${puts.indexOf(true)}`);
    expect(await readdir(join(folder, 'made/when/needed/segments'))).toEqual(['1']);
    expect(await store.list('segments')).toEqual(['1']);
  });

  it('reads parts, also of many files at once and after it was closed', async () => {
    expect(await store.get('segments/0', { offset: 0, length: 4 })).toBeUndefined();
    expect(await store.get('segments/0')).toBeUndefined();
    expect(await store.list('segments')).toEqual([]);
    const names = Array.from({ length: 200 }, (_, i) => `segments/${i}`);
    for (const name of names) await store.put(name, bytes(`in ${name}`));
    const read = (name: string) => store.get(name, { offset: 3, length: 100 }).then(textOf);
    expect(await Promise.all([...names, ...names].map(read))).toEqual([...names, ...names]);
    await store.close();
    expect(await read('segments/7')).toBe('segments/7');
    expect(textOf(await store.get('segments/7', { offset: 99, length: 1 }))).toBe('');
  });

  it('says what to do when the folder cannot be used', async () => {
    await store.put('segments/1', bytes('a file, and no folder'));
    await expect(store.put('segments/1/2', bytes('x'))).rejects.toMatchObject({ code: 'ARCHIVE_UNAVAILABLE' });
  });
});
