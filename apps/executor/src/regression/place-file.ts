import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { LogPlace } from '@sluice/event-log';
import { SluiceError } from '@sluice/kernel';

import type { PlaceStore } from './log-memory.js';

/**
 * A place in a file: replaced as a whole and not synced, because an older one is as true. A file that says something
 * else is a stop (code BAD_STATE_FILE): to take it for none would forget what it was kept for.
 */
export class PlaceFile implements PlaceStore {
  constructor(private readonly path: string) {}

  async load(): Promise<LogPlace | undefined> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    return placeOf(text) ?? this.refuse();
  }

  async save({ position, hash }: LogPlace): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    const fresh = `${this.path}.${process.pid}`;
    await writeFile(fresh, `${JSON.stringify({ v: 1, position, hash })}\n`);
    await rename(fresh, this.path);
  }

  private refuse(): never {
    throw new SluiceError(
      'BAD_STATE_FILE',
      `${this.path} does not say how far the log was read: look at it, compare the log with a backup, and remove it to begin without it`,
    );
  }
}

function placeOf(text: string): LogPlace | undefined {
  try {
    const { position, hash } = JSON.parse(text) as Partial<LogPlace>;
    const sound = Number.isSafeInteger(position) && typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash);
    return sound && position !== undefined ? { position, hash } : undefined;
  } catch {
    return undefined;
  }
}
