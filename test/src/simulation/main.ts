import { parseArgs } from 'node:util';

import { keepLogs } from './kept.js';
import { assertMutants, mutate, playSound } from './mutation/mutate.js';
import { MUTANTS } from './mutation/mutants.js';
import { placesOf } from './mutation/place.js';
import { markdownOf, rowOf } from './mutation/table.js';
import { SCENARIOS } from './scenarios/index.js';
import { repeatWith, type Run, type Scenario } from './scenarios/scenario.js';

const USAGE = `simulate [--only ${Object.keys(SCENARIOS).join('|')}]... [--seeds N] [--seed FIRST] [--fleet TARGETS] [--trace] [--keep FOLDER]
simulate --mutate [--only MUTANT]... [--seeds N] [--markdown]
simulate --mutate --list`;

interface Tally {
  runs: number;
  failed: number;
  events: number;
  crashes: number;
  virtualMs: number;
  wallMs: number;
}

function wholeNumber(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name} must be a whole number, not "${text}"\n${USAGE}`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      seeds: { type: 'string' },
      seed: { type: 'string' },
      fleet: { type: 'string' },
      trace: { type: 'boolean' },
      keep: { type: 'string' },
      mutate: { type: 'boolean' },
      markdown: { type: 'boolean' },
      list: { type: 'boolean' },
    },
  });
  if (values.mutate === true) return breakRules(values);
  if (values.keep !== undefined) keepLogs(values.keep);
  const names = values.only ?? Object.keys(SCENARIOS);
  const [seeds, first] = [wholeNumber('seeds', values.seeds, 5), wholeNumber('seed', values.seed, 1)];
  const fleet = values.fleet === undefined ? undefined : wholeNumber('fleet', values.fleet, 0);
  const tallies: Record<string, Tally> = {};
  for (const name of names) {
    const scenario = SCENARIOS[name];
    if (scenario === undefined) throw new Error(`there is no scenario "${name}"\n${USAGE}`);
    tallies[name] = { runs: 0, failed: 0, events: 0, crashes: 0, virtualMs: 0, wallMs: 0 };
    // What size costs does not depend on chance.
    const last = first + (name === 'scale' ? Math.min(seeds, 1) : seeds);
    for (let seed = first; seed < last; seed += 1)
      await runAll(scenario, { name, seed, fleet, trace: values.trace === true }, tallies[name]);
  }
  print(tallies);
  return Object.values(tallies).some(({ failed }) => failed > 0) ? 1 : 0;
}

/** Every mutant, and whether the text that it changes still stands in what is built. */
function listMutants(): number {
  const stale = MUTANTS.filter((mutant) => placesOf(mutant) !== 1);
  for (const mutant of MUTANTS)
    console.log(`${stale.includes(mutant) ? 'STALE' : 'ok   '} ${mutant.id.padEnd(28)} ${mutant.breaks}`);
  return stale.length === 0 ? 0 : 1;
}

/** The mutation run (docs/reliability.md): 1 when a broken rule goes unnoticed, or the sound system is blamed. */
async function breakRules(values: {
  readonly only?: string[];
  readonly seeds?: string;
  readonly markdown?: boolean;
  readonly list?: boolean;
}): Promise<number> {
  if (values.list === true) return listMutants();
  assertMutants(values.only ?? []);
  const seeds = wholeNumber('seeds', values.seeds, 50);
  const sound = await playSound(Math.min(seeds, 3));
  if (sound.caught !== undefined) {
    console.error(
      `the unbroken system fails: ${sound.caught.scenario}, seed ${sound.caught.seed}: ${sound.caught.fault}`,
    );
    return 1;
  }
  const verdicts = await mutate({ seeds, only: values.only, told: (verdict) => console.error(rowOf(verdict)) });
  const alive = verdicts.filter(({ caught }) => !caught);
  if (values.markdown === true) console.log(markdownOf(verdicts));
  console.log(`${verdicts.length - alive.length} of ${verdicts.length} mutants caught`);
  return alive.length === 0 ? 0 : 1;
}

interface Playing {
  readonly name: string;
  readonly seed: number;
  readonly fleet: number | undefined;
  /** Print the whole log of a run that failed. */
  readonly trace: boolean;
}

async function runAll(scenario: Scenario, playing: Playing, tally: Tally): Promise<void> {
  for await (const run of scenario(playing)) {
    tally.runs += 1;
    tally.events += run.events;
    tally.crashes += run.crashes;
    tally.virtualMs += run.virtualMs;
    tally.wallMs += run.wallMs;
    if (playing.name === 'scale')
      console.log(`scale: ${run.targets} targets in ${run.wallMs} ms, ${run.events} events, ${run.what}`);
    if (run.faults.length === 0) continue;
    tally.failed += 1;
    tell(run, playing);
  }
}

function tell(run: Run, playing: Playing): void {
  console.error(`\n${playing.name} failed: seed ${playing.seed}, ${run.targets} targets, ${run.what}`);
  for (const fault of run.faults.slice(0, 5)) console.error(`  ${fault}`);
  for (const line of playing.trace ? run.trace : []) console.error(`  ${line.slice(0, 400)}`);
  console.error(`  again: ${repeatWith(playing.name, playing)}`);
}

function print(tallies: Readonly<Record<string, Tally>>): void {
  const rows = Object.entries(tallies).map(([scenario, { runs, failed, events, crashes, virtualMs, wallMs }]) => ({
    scenario,
    runs,
    failed,
    events,
    crashes,
    'virtual h': Number((virtualMs / 3_600_000).toFixed(1)),
    'real s': Number((wallMs / 1_000).toFixed(1)),
  }));
  console.table(rows);
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 2;
});
