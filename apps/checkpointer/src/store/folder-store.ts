import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { SluiceError } from '@sluice/kernel';

import type { CheckpointStore, SignedCheckpoint, SignerState } from '../engine/ports.js';

const STATE = 'checkpointer.json';
const LATEST = 'latest.checkpoint';
const SIZE_DIGITS = 15;

/**
 * A folder of checkpoints: `<size>-<time>.checkpoint`, beside each its proof `.consistency` with the one before,
 * `latest.checkpoint`, the public key, and what the signer remembers. Copy it to where nobody who runs the log can write.
 */
export class FolderStore implements CheckpointStore {
  private constructor(private readonly folder: string) {}

  static async open(folder: string, verifier: string): Promise<FolderStore> {
    await mkdir(folder, { recursive: true });
    const store = new FolderStore(folder);
    await store.write('verifier.pub', `${verifier}\n`);
    return store;
  }

  async load(): Promise<SignerState | undefined> {
    const text = await this.textOf(STATE);
    if (text === undefined) return undefined;
    return stateOf(text) ?? this.refuse();
  }

  async latest(): Promise<string | undefined> {
    return this.textOf(LATEST);
  }

  /** The state comes last: after a crash in between the same commits are signed once more, into a file of another time. */
  async keep({ note, size, at, consistency }: SignedCheckpoint, state: SignerState): Promise<void> {
    const time = new Date(at).toISOString().replaceAll(/[:-]/g, '');
    const name = `${String(size).padStart(SIZE_DIGITS, '0')}-${time}`;
    if (consistency !== undefined) await this.write(`${name}.consistency`, consistency);
    await this.write(`${name}.checkpoint`, note);
    await this.write(LATEST, note);
    await this.write(STATE, `${JSON.stringify({ v: 1, ...state })}\n`);
  }

  private async textOf(name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.folder, name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Whole or not at all, and on the disk when it resolves. */
  private async write(name: string, text: string): Promise<void> {
    const beside = join(this.folder, `.${name}.${process.pid}`);
    const file = await open(beside, 'w', 0o644);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, join(this.folder, name));
    const folder = await open(this.folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  private refuse(): never {
    throw new SluiceError(
      'BAD_STATE_FILE',
      `${join(this.folder, STATE)} does not say what was signed: remove it, and the log is read anew and held against ${LATEST}`,
    );
  }
}

function stateOf(text: string): SignerState | undefined {
  try {
    const { range, position, leaf, checkpoint } = JSON.parse(text) as Partial<SignerState>;
    if (range === undefined || checkpoint === undefined || leaf === undefined) return undefined;
    return Number.isSafeInteger(position) && position !== undefined ? { range, position, leaf, checkpoint } : undefined;
  } catch {
    return undefined;
  }
}
