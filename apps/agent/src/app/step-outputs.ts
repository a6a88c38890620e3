import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { OutputQuery } from '@sluice/contracts';

import { KEPT_OUTPUT_BYTES, tailOf } from '../files/tail.js';

/** So many steps of an app are remembered with their output: 4 MiB at most. */
const KEPT_STEPS = 64;

/** Names one try of one step for ever. */
export type OutputName = Pick<OutputQuery, 'rollout' | 'step' | 'n'>;

export interface Output {
  /** The last 64 KiB. */
  readonly bytes: Buffer;
  /** There was more. */
  readonly truncated: boolean;
}

/** What the latest steps of one app wrote, one file each, `<rollout>.<n>.<step>.log` (MOM-06). */
export class StepOutputs {
  private constructor(private readonly folder: string) {}

  static async open(folder: string): Promise<StepOutputs> {
    await mkdir(folder, { recursive: true });
    return new StepOutputs(folder);
  }

  /** Keeps the end of it, and one byte more when there was more. Makes room by forgetting the oldest. */
  async keep(name: OutputName, output: Buffer): Promise<void> {
    const kept = output.subarray(Math.max(0, output.length - KEPT_OUTPUT_BYTES - 1));
    await writeFile(this.pathOf(name), kept, { mode: 0o640 });
    await this.forgetOldest();
  }

  async read(name: OutputName): Promise<Output | undefined> {
    const path = this.pathOf(name);
    const size = await stat(path).then(
      (found) => found.size,
      () => undefined,
    );
    if (size === undefined) return undefined;
    return { bytes: await tailOf(path), truncated: size > KEPT_OUTPUT_BYTES };
  }

  /** Rollout ids and step names are safe as names of files; a query was parsed before it comes here. */
  private pathOf({ rollout, n, step }: OutputName): string {
    return join(this.folder, `${rollout}.${n}.${step}.log`);
  }

  private async forgetOldest(): Promise<void> {
    const names = await readdir(this.folder);
    if (names.length <= KEPT_STEPS) return;
    const aged = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(join(this.folder, name))).mtimeMs })),
    );
    const oldest = aged.sort((a, b) => a.at - b.at).slice(0, names.length - KEPT_STEPS);
    for (const { name } of oldest) await rm(join(this.folder, name), { force: true });
  }
}
