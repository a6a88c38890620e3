import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { SluiceError } from '@sluice/kernel';

import { isErrno, readIfThere } from '../files/durable.js';
import type { ProcessTable } from './process-table.js';

/** Gives the folder back. */
export type Unlock = () => Promise<void>;

/**
 * One agent per data folder: two would start an app twice. A lock whose process is gone (a crash) is taken over.
 * Code AGENT_RUNNING while another agent holds it.
 */
export async function lockFolder(table: ProcessTable, folder: string): Promise<Unlock> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'agent.lock');
  const mine = JSON.stringify({ pid: process.pid, life: await table.lifeOf(process.pid) });
  for (let i = 0; i < 3; i += 1) {
    if (await tryWrite(path, mine)) return () => rm(path, { force: true });
    const holder = holderOf(await readIfThere(path));
    if (holder !== undefined && (await table.lifeOf(holder.pid)) === holder.life) {
      throw new SluiceError(
        'AGENT_RUNNING',
        `an agent (pid ${holder.pid}) works in ${folder} already: stop it, or use another dataDir`,
      );
    }
    await rm(path, { force: true });
  }
  throw new SluiceError(
    'AGENT_RUNNING',
    `another agent takes ${folder} again and again: stop it, or use another dataDir`,
  );
}

async function tryWrite(path: string, text: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

function holderOf(text: string | undefined): { readonly pid: number; readonly life: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('life' in value)) return undefined;
    return typeof value.pid === 'number' ? { pid: value.pid, life: value.life } : undefined;
  } catch {
    return undefined;
  }
}
