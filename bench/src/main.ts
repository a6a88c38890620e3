import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { messageOf } from '@sluice/kernel';

import type { BenchResult } from './benchmark.js';
import { BENCHMARKS } from './registry.js';
import { tableOf } from './table.js';

const USAGE = `npm run bench -- [--only NAME]... [--quick] [--json FILE|-] [--profile FOLDER]
  --only NAME       ${BENCHMARKS.map(({ name, what }) => `${name}: ${what}`).join('\n                    ')}
  --quick           a tenth of each size
  --json FILE|-     the results as JSON, too
  --profile FOLDER  CPU profiles of our own processes go there, and a summary is printed
`;

const OPTIONS = {
  only: { type: 'string', multiple: true },
  quick: { type: 'boolean' },
  json: { type: 'string' },
  profile: { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** 0 = ran, 2 = asked for something that there is not. */
async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const unknown = values.only?.find((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
  if (values.help === true || unknown !== undefined) {
    process.stderr.write(unknown === undefined ? USAGE : `There is no benchmark "${unknown}".\n${USAGE}`);
    return unknown === undefined ? 0 : 2;
  }
  const results: BenchResult[] = [];
  for (const benchmark of BENCHMARKS.filter(({ name }) => values.only?.includes(name) ?? true)) {
    const result = await benchmark.run({
      scale: values.quick === true ? 0.1 : 1,
      say: (line) => void process.stderr.write(`${line}\n`),
      ...(values.profile === undefined ? {} : { profileDir: values.profile }),
    });
    results.push(result);
    process.stdout.write(`${tableOf(result)}\n`);
  }
  await writeJson(results, values.json);
  return 0;
}

async function writeJson(results: readonly BenchResult[], to: string | undefined): Promise<void> {
  if (to === undefined) return;
  const text = `${JSON.stringify({ node: process.version, results })}\n`;
  if (to === '-') process.stdout.write(text);
  else await writeFile(to, text);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`The benchmark failed: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
