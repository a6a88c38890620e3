import { readFileSync } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { SluiceError } from '@sluice/kernel';

interface Holder {
  readonly pid: number;
  /** Tells this process from a later one with the same id; null where the system does not say. */
  readonly life: string | null;
}

/** Keeps a data folder for one `up`. Code ALREADY_UP while its process lives; what a crash left behind is taken over. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'up.lock');
  for (let tries = 1; ; tries += 1) {
    if (await created(path, { pid: process.pid, life: lifeOf(process.pid) })) return () => rm(path, { force: true });
    const holder = await holderOf(path);
    if (tries > 3 || (holder !== undefined && isAlive(holder))) throw alreadyUp(folder, holder);
    await rm(path, { force: true });
  }
}

function alreadyUp(folder: string, holder: Holder | undefined): SluiceError {
  const who = holder === undefined ? 'another process' : `process ${holder.pid}`;
  return new SluiceError(
    'ALREADY_UP',
    `${who} serves ${folder} already: stop it first, or name another folder with --data-dir`,
  );
}

async function created(path: string, holder: Holder): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(JSON.stringify(holder));
    await file.close();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

const isAlive = ({ pid, life }: Holder): boolean => {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return life === null || lifeOf(pid) === life;
};

/** The start time of a process in clock ticks since the boot, where there is a /proc. */
function lifeOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
