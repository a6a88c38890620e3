import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { SluiceError } from '@sluice/kernel';

import { newFile } from '../files.js';
import { leafOf } from '../leaf.js';
import { ProofsOfMany, proofText } from '../record/proofs.js';
import type { CommitSource } from '../source.js';
import { drawn } from './census.js';
import { populationCsv, populationOf, type PopulationOptions, populationText } from './population.js';
import { type WithStored, withStoredRows } from './pruned-since.js';
import type { Population } from './schema.js';

const FILES = { json: 'population.json', csv: 'population.csv', checkpoint: 'checkpoint', sample: 'sample' } as const;

export interface WrittenPopulation extends PopulationOptions {
  readonly folder: string;
  /** The signed note, kept beside the population. */
  readonly note?: string;
  /** So many items get a proof of their own, drawn by the root of the log; it needs a checkpoint. */
  readonly sample?: number;
}

/** Writes population.json, population.csv, the checkpoint and the sample into a new folder. Codes as populationOf. */
export async function writePopulation(log: () => CommitSource, options: WrittenPopulation): Promise<Population> {
  const { folder, note, sample = 0 } = options;
  const population = await populationOf(log(), options);
  await mkdir(folder, { recursive: true });
  await newFile(join(folder, FILES.json), [populationText(population)]);
  await newFile(join(folder, FILES.csv), populationCsv(population));
  if (note === undefined) return population;
  await newFile(join(folder, FILES.checkpoint), [note]);
  if (sample > 0) await writeSample(log, population, { folder, note, sample });
  return population;
}

async function writeSample(
  log: () => CommitSource,
  { coverage, items }: Population,
  { folder, note, sample }: { readonly folder: string; readonly note: string; readonly sample: number },
): Promise<void> {
  const provable = items.filter(({ kind }) => kind !== 'pruned');
  const entries = new Set(drawn(coverage.root, provable, sample).map(({ entry }) => entry));
  const proofs = new ProofsOfMany([...entries], coverage.commits);
  const kept = new Map<number, { readonly bytes: Uint8Array; readonly position: number }>();
  let entry = 0;
  for await (const commit of log()) {
    if (entry === coverage.commits) break;
    proofs.append(leafOf(commit));
    if (entries.has(entry)) kept.set(entry, commit);
    entry += 1;
  }
  await mkdir(join(folder, FILES.sample), { recursive: true });
  for (const [index, { bytes, position }] of kept) {
    const name = `${String(position).padStart(12, '0')}.tlog-proof`;
    await newFile(join(folder, FILES.sample, name), [proofText(proofs, index, bytes, note)]);
  }
}

/** The note that was kept beside a population; undefined when it was made without one. */
export async function noteIn(folder: string): Promise<string | undefined> {
  return readFile(join(folder, FILES.checkpoint), 'utf8').catch(() => undefined);
}

/**
 * Makes a population anew from the log and compares, byte for byte; what was pruned since is taken as it was stored where
 * its place and hash agree, and counted in `onStoredText`. `checkpoint`: of the note in the folder. Code BAD_POPULATION for
 * a folder that has none, and those of populationOf.
 */
export async function verifyPopulation(
  folder: string,
  log: CommitSource,
  options: Omit<PopulationOptions, 'since' | 'until'>,
): Promise<WithStored & { readonly faults: readonly string[] }> {
  const stored = await readFile(join(folder, FILES.json), 'utf8').catch(() => undefined);
  const { since, until } = periodOf(stored);
  const anew = await populationOf(log, {
    ...options,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  });
  const { population, onStoredText } = withStoredRows(anew, parsed(stored).items ?? []);
  const csv = await readFile(join(folder, FILES.csv), 'utf8').catch(() => undefined);
  const faults = [
    ...(stored === populationText(population)
      ? []
      : [`${FILES.json} is not what the log says${namedIn(stored, population)}`]),
    ...(csv === [...populationCsv(population)].join('') ? [] : [`${FILES.csv} is not what the log says`]),
  ];
  return { population, onStoredText, faults };
}

interface Stored {
  readonly since?: string;
  readonly until?: string;
  readonly items?: readonly { readonly id?: unknown }[];
}

function periodOf(stored: string | undefined): { readonly since?: number; readonly until?: number } {
  const { since, until } = parsed(stored);
  return {
    ...(since === undefined ? {} : { since: Date.parse(since) }),
    ...(until === undefined ? {} : { until: Date.parse(until) }),
  };
}

/** The changes that are missing in it, or that the log does not have. */
function namedIn(stored: string | undefined, population: Population): string {
  const listed = new Set((parsed(stored).items ?? []).map(({ id }) => id));
  const known = new Set<unknown>(population.items.map(({ id }) => id));
  const missing = [...known].filter((id) => !listed.has(id)).slice(0, 5);
  const foreign = [...listed].filter((id) => !known.has(id)).slice(0, 5);
  return [
    ...(missing.length === 0 ? [] : [`: it leaves out ${missing.map(String).join(', ')}`]),
    ...(foreign.length === 0 ? [] : [`: the log has no ${foreign.map(String).join(', ').slice(0, 300)}`]),
  ].join('');
}

function parsed(stored: string | undefined): Stored {
  try {
    const found = JSON.parse(stored ?? '') as Stored | null;
    if (found !== null && Array.isArray(found.items)) return found;
  } catch {
    // Said below, as of any other text.
  }
  throw new SluiceError(
    'BAD_POPULATION',
    `there is no ${FILES.json} that can be read: name the folder of a population`,
  );
}
