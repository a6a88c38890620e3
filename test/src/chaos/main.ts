import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';

import { chaos, type ChaosResult } from './chaos.js';
import { SMALL, WHOLE } from './shape.js';

const USAGE = 'chaos [--minutes N] [--seed N] [--every MS] [--small] [--keep]';
const MINUTE = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    every: { type: 'string', default: '3000' },
    small: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
const minutes = Number(values.minutes);
const everyMs = Number(values.every);

async function main(): Promise<number> {
  if (!Number.isSafeInteger(seed) || !(minutes > 0 && minutes <= 600) || !(everyMs >= 50)) {
    console.error(USAGE);
    return 2;
  }
  const again = `npm run chaos -- --minutes ${minutes} --seed ${seed} --every ${everyMs}${values.small ? ' --small' : ''}`;
  console.log(`seed ${seed}; again: ${again}`);
  const started = Date.now();
  const tell = (line: string): void =>
    console.log(`${((Date.now() - started) / 1_000).toFixed(1).padStart(7)} s  ${line}`);
  const shape = values.small ? SMALL : WHOLE;
  const result = await chaos({
    seed,
    shape,
    everyMs,
    ms: minutes * MINUTE,
    calmMs: 5 * MINUTE,
    tell,
    keep: values.keep,
  });
  summarize(result);
  for (const violation of result.violations) console.error(`VIOLATION ${violation}`);
  console.log(
    result.violations.length === 0 ? 'no violation' : `${result.violations.length} violations; again: ${again}`,
  );
  return result.violations.length === 0 ? 0 : 1;
}

function summarize({ faults, counts, ms }: ChaosResult): void {
  console.table(faults);
  console.table(counts);
  const seconds = (value: number): string => `${(value / 1_000).toFixed(0)} s`;
  console.log(
    `${seconds(ms.faults)} with faults, ended ${seconds(ms.calm)} after the last; load average ${loadavg()[0]?.toFixed(1)}`,
  );
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 2;
});
