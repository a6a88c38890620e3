import { register } from 'node:module';

import type { Patched } from './loader.js';
import { MUTANTS } from './mutants.js';
import { urlOf } from './place.js';

/** What became of a mutant: where it was caught, or nothing. */
export interface Played {
  readonly caught?: { readonly scenario: string; readonly seed: number; readonly fault: string };
  readonly runs: number;
}

/** Cheap ones first; the crashes of C1 are 300 runs a seed. */
const ORDER = [
  'C4',
  'C3',
  'C5',
  'C8',
  'C9',
  'C11',
  'C12',
  'C14',
  'C13',
  'C6',
  'C15',
  'C16',
  'shift',
  'traffic',
  'ramp',
  'chaos',
  'order',
  'C2',
  'C7',
  'shiftCrash',
] as const;

/** Plays scenario after scenario, seed after seed, until the mutant is caught. Only then are the engines loaded. */
async function play(seeds: number): Promise<Played> {
  const { SCENARIOS } = await import('../scenarios/index.js');
  let runs = 0;
  const one = async (scenario: string, seed: number): Promise<Played['caught']> => {
    for await (const run of SCENARIOS[scenario]?.({ seed }) ?? []) {
      runs += 1;
      if (run.faults[0] !== undefined) return { scenario, seed, fault: run.faults[0] };
    }
    return undefined;
  };
  // The first seed of a scenario of crashes has a run for each commit: sound ones are played elsewhere.
  const first = mutant === undefined ? 2 : 1;
  for (let seed = first; seed < first + seeds; seed += 1) {
    for (const scenario of mutant?.shows ?? ORDER) {
      const caught = await one(scenario, seed);
      if (caught !== undefined) return { caught, runs };
    }
  }
  // The unbroken system need not show here that it survives that.
  const caught = mutant === undefined || mutant.shows !== undefined ? undefined : await one('C1', 1);
  return caught === undefined ? { runs } : { caught, runs };
}

const [id, seeds] = process.argv.slice(2);
const mutant = MUTANTS.find((candidate) => candidate.id === id);
if (mutant !== undefined) {
  const { find, replace } = mutant;
  register<Patched>('./loader.js', import.meta.url, { data: { url: urlOf(mutant), find, replace } });
}
process.stdout.write(JSON.stringify(await play(Number(seeds))));
