import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { syncFolder } from './durable.js';

const AT_ONCE = 16;

/** Makes a tree of files and folders durable, before a rename puts it where it counts. */
export async function syncTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => join(folder, name));
  for (let i = 0; i < files.length; i += AT_ONCE) {
    await Promise.all(files.slice(i, i + AT_ONCE).map(syncFile));
  }
  for (const entry of entries) {
    if (entry.isDirectory()) await syncTree(join(folder, entry.name));
  }
  await syncFolder(folder);
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
