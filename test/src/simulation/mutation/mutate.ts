import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { Mutant } from './mutant.js';
import { MUTANTS } from './mutants.js';
import { placesOf } from './place.js';
import type { Played } from './play.js';

const run = promisify(execFile);
const PLAY = fileURLToPath(new URL('play.js', import.meta.url));
/** A mutant may make the world go round for ever. */
const MAX_MS = 300_000;

export interface MutationOptions {
  /** Seeds that are played before a mutant counts as a survivor. */
  readonly seeds: number;
  /** Ids; all by default. */
  readonly only?: readonly string[] | undefined;
  /** Told as they come. */
  readonly told?: (verdict: MutantVerdict) => void;
}

export interface MutantVerdict {
  readonly mutant: Mutant;
  readonly caught: boolean;
  /** Scenario and seed that caught it, and the invariant that it broke; or why it counts as it does. */
  readonly by: string;
  readonly fault: string;
  readonly runs: number;
  readonly ms: number;
}

/** Throws when one of the ids names no mutant. */
export function assertMutants(ids: readonly string[]): void {
  const unknown = ids.filter((id) => !MUTANTS.some((mutant) => mutant.id === id));
  if (unknown.length === 0) return;
  throw new Error(`there is no mutant ${unknown.join(', ')}; there are ${MUTANTS.map(({ id }) => id).join(', ')}`);
}

/** Breaks one rule at a time, each in a process of its own, and plays until an invariant or a scenario says so. */
export async function mutate({ seeds, only, told }: MutationOptions): Promise<readonly MutantVerdict[]> {
  const queue = MUTANTS.filter(({ id }) => only?.includes(id) ?? true);
  const verdicts: MutantVerdict[] = [];
  const work = async (): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const verdict = await judge(mutant, seeds);
      verdicts.push(verdict);
      told?.(verdict);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));
  return verdicts;
}

/** The unbroken system, played the same way: nothing may be caught. */
export const playSound = (seeds: number): Promise<Played> => playOne('none', seeds);

async function judge(mutant: Mutant, seeds: number): Promise<MutantVerdict> {
  const began = performance.now();
  const verdict = (caught: boolean, by: string, fault: string, runs: number): MutantVerdict => ({
    ...{ mutant, caught, by, fault, runs },
    ms: Math.round(performance.now() - began),
  });
  const places = placesOf(mutant);
  if (places !== 1) return verdict(false, 'STALE', `its text stands ${places} times in ${mutant.module.join('/')}`, 0);
  try {
    const { caught, runs } = await playOne(mutant.id, seeds);
    if (caught === undefined) return verdict(false, 'SURVIVED', '', runs);
    return verdict(true, `${caught.scenario}, seed ${caught.seed}`, caught.fault, runs);
  } catch (error) {
    return verdict(true, 'it does not run', firstLine(error), 0);
  }
}

async function playOne(id: string, seeds: number): Promise<Played> {
  const { stdout } = await run(process.execPath, [PLAY, id, String(seeds)], { timeout: MAX_MS, maxBuffer: 1 << 20 });
  return JSON.parse(stdout) as Played;
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n').slice(0, 2).join(' ').slice(0, 200);
