import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';

import { messageOf } from '@sluice/kernel';

import type { Benchmark, BenchOptions, BenchRun } from './benchmark.js';
import { BENCHMARKS } from './registry.js';
import { tableOf } from './table.js';

const USAGE = `npm run bench -- [--only NAME]... [--quick] [--json [FILE]] [--profile FOLDER]
  --only NAME       ${BENCHMARKS.map(({ name, what }) => `${name}: ${what}`).join('\n                    ')}
  --quick           a tenth of each size
  --json [FILE]     the results as JSON: into the file, or to the standard output while the tables go to the other one
  --profile FOLDER  CPU profiles of our own processes go there, and a summary is printed
`;

const STDOUT = '-';

const OPTIONS = {
  only: { type: 'string', multiple: true },
  quick: { type: 'boolean' },
  json: { type: 'string' },
  profile: { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** 0 = ran, 2 = asked for something that there is not. */
async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args: withJsonTarget(args), options: OPTIONS });
  const unknown = values.only?.find((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
  if (values.help === true || unknown !== undefined) {
    process.stderr.write(unknown === undefined ? USAGE : `There is no benchmark "${unknown}".\n${USAGE}`);
    return unknown === undefined ? 0 : 2;
  }
  const tables = values.json === STDOUT ? process.stderr : process.stdout;
  const options = {
    scale: values.quick === true ? 0.1 : 1,
    say: (line: string) =>
      void process.stderr.write(`${line}
`),
    ...(values.profile === undefined ? {} : { profileDir: values.profile }),
  };
  const results: BenchRun[] = [];
  for (const benchmark of BENCHMARKS.filter(({ name }) => values.only?.includes(name) ?? true)) {
    const result = await observed(benchmark, options);
    results.push(result);
    tables.write(`${tableOf(result)}
`);
  }
  await writeJson(results, values.json);
  return 0;
}

/** `--json` may stand alone. */
const withJsonTarget = (args: readonly string[]): string[] =>
  args.flatMap((arg, i) => (arg === '--json' && /^(--|$)/.test(args[i + 1] ?? '') ? ['--json', STDOUT] : [arg]));

async function observed(benchmark: Benchmark, options: BenchOptions): Promise<BenchRun> {
  const [before, start] = [loadNow(), performance.now()];
  const result = await benchmark.run(options);
  return { ...result, seconds: (performance.now() - start) / 1_000, load: [before, loadNow()] };
}

const loadNow = (): number => loadavg()[0] ?? 0;

async function writeJson(results: readonly BenchRun[], to: string | undefined): Promise<void> {
  if (to === undefined) return;
  const text = `${JSON.stringify({ node: process.version, results })}\n`;
  if (to === STDOUT) process.stdout.write(text);
  else await writeFile(to, text);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`The benchmark failed: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
