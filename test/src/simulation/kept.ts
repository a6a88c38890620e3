import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { keepRuns } from './scenarios/scenario.js';

/** Writes the log of each run into the folder, as an export of raw commits: golden histories are made so. */
export function keepLogs(folder: string): void {
  mkdirSync(folder, { recursive: true });
  keepRuns(async (sim, name) => {
    const file = `${name.replaceAll(/[^\w-]+/g, '-').replace(/-+$/, '')}.jsonl.gz`;
    const lines = (await sim.raw()).map(
      ({ position, bytes }) => `{"position":${position},"commit":${Buffer.from(bytes).toString()}}\n`,
    );
    writeFileSync(join(folder, file), gzipSync(lines.join(''), { level: 9 }));
  });
}
