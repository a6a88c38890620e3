import { SluiceError } from '@sluice/kernel';
import type { Checkpoint } from '@sluice/proof';

import { csvCell } from '../export/formats.js';
import { timeText } from '../record/moments.js';
import type { CommitSource } from '../source.js';
import { LogVerifier } from '../verify.js';
import { findingWords } from '../words.js';
import { type Period, PopulationCensus } from './census.js';
import { type Coverage, type Population, POPULATION_SCHEMA, type PopulationItem } from './schema.js';

export interface PopulationOptions extends Period {
  /** Of this log, its signature checked: the population is of the log as it was then. */
  readonly checkpoint?: Checkpoint;
  readonly progress?: (counts: { readonly commits: number; readonly bytes: number }) => void;
}

const PROGRESS_EVERY = 10_000;
const MAX_TOLD = 3;

/**
 * All changes of a period: the whole log is read, up to the checkpoint when there is one, and its chains and tree are
 * checked on the way, so that nothing can have been left out unseen. Codes: INCOMPLETE (the log is not whole, or not that
 * of the checkpoint), and those of the source.
 */
export async function populationOf(log: CommitSource, options: PopulationOptions): Promise<Population> {
  const { since, until } = options;
  const census = new PopulationCensus(options);
  const coverage = await covered(log, census, options);
  const items = census.items();
  return {
    schema: POPULATION_SCHEMA,
    ...(since === undefined ? {} : { since: timeText(since) }),
    ...(until === undefined ? {} : { until: timeText(until) }),
    ...{ coverage, totals: totalsOf(items), items },
  };
}

async function covered(
  log: CommitSource,
  census: PopulationCensus,
  { checkpoint, progress }: PopulationOptions,
): Promise<Coverage> {
  const checkpoints = checkpoint === undefined ? [] : [checkpoint];
  const verifier = new LogVerifier({ events: false, tree: true, checkpoints });
  const seen = { commits: 0, bytes: 0, first: 0, last: 0 };
  for await (const commit of firstOf(log, checkpoint?.size ?? Infinity)) {
    census.add(commit, seen.commits);
    verifier.add(commit);
    seen.commits += 1;
    seen.bytes += commit.bytes.length;
    seen.first ||= commit.position;
    seen.last = commit.position;
    tell(seen, progress);
  }
  const { ok, findings, tree, counts } = verifier.finish();
  if (!ok || tree === undefined) throw incomplete(findings.slice(0, MAX_TOLD).map(findingWords).join('; '));
  const held = checkpoint === undefined ? {} : { checkpoint: { origin: checkpoint.origin, size: checkpoint.size } };
  return { ...dense(seen), streams: counts.streams, root: tree.root, ...held };
}

function tell(
  seen: { readonly commits: number; readonly bytes: number },
  progress: PopulationOptions['progress'],
): void {
  if (seen.commits % PROGRESS_EVERY === 0) progress?.(seen);
}

/** Positions of every log whose raw commits can be read are dense: what is not there was archived, or removed. */
function dense({
  commits,
  first: firstPosition,
  last: lastPosition,
}: Readonly<Record<'commits' | 'first' | 'last', number>>) {
  if (lastPosition !== commits)
    throw incomplete(`${lastPosition - commits} of ${lastPosition} commits are not there: name its archive`);
  return { commits, firstPosition, lastPosition };
}

async function* firstOf(log: CommitSource, count: number): CommitSource {
  let seen = 0;
  if (seen === count) return;
  for await (const commit of log) {
    yield commit;
    seen += 1;
    if (seen === count) return;
  }
}

export function totalsOf(items: readonly PopulationItem[]): Population['totals'] {
  const states: Record<string, number> = {};
  for (const { state } of items) states[state] = (states[state] ?? 0) + 1;
  const count = (wanted: PopulationItem['kind']): number => items.filter(({ kind }) => kind === wanted).length;
  return { rollouts: count('rollout'), refused: count('refused'), pruned: count('pruned'), states };
}

const incomplete = (words: string): SluiceError =>
  new SluiceError('INCOMPLETE', `this log is not whole, so no list of its changes is: ${words}`);

const COLUMNS = [
  ...(['kind', 'id', 'planned', 'requestedBy', 'app', 'group', 'environment', 'strategy', 'version'] as const),
  ...([
    'artifact',
    'planHash',
    'targets',
    'approvedBy',
    'state',
    'ended',
    'reason',
    'position',
    'entry',
    'commit',
  ] as const),
] as const;

/** RFC 4180; no cell is a formula. */
export function* populationCsv({ items }: Population): Generator<string> {
  yield `${COLUMNS.join(',')}\r\n`;
  for (const item of items) yield `${COLUMNS.map((column) => cellOf(item[column])).join(',')}\r\n`;
}

const cellOf = (value: PopulationItem[keyof PopulationItem]): string =>
  csvCell(typeof value === 'object' ? value.join('; ') : String(value));

export const populationText = (population: Population): string => `${JSON.stringify(population, null, 2)}\n`;
