import type { BrakeCause, Fault, InventoryUsed, TargetCounts } from '@sluice/contracts';

import { lengthOf } from './time.js';

const SHOWN = 5;

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** `: why`, or nothing. */
export const why = (reason: string | undefined): string => (reason === undefined || reason === '' ? '' : `: ${reason}`);

/** The first few names and how many more. */
export function someOf(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return names.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

const COUNT_WORDS: readonly (readonly [keyof TargetCounts, string])[] = [
  ['done', 'done'],
  ['skipped', 'skipped'],
  ['failed', 'failed'],
  ['unknown', 'unknown'],
  ['excluded', 'excluded'],
  ['untouched', 'untouched'],
];

/** What is not zero: `9 done, 3 failed`. */
export const countsInWords = (counts: TargetCounts): string =>
  COUNT_WORDS.filter(([key]) => counts[key] > 0)
    .map(([key, word]) => `${counts[key]} ${word}`)
    .join(', ') || 'no hosts';

/** Why a brake; the numbers that the decision stood on are in the words. */
export const brakeInWords = ({ words }: BrakeCause): string => words;

export const faultsInWords = (faults: readonly Fault[]): string =>
  someOf(faults.map(({ path, message }) => `${path === '' ? 'the document' : path} ${message}`));

/** From where and how old it was: `of the cmdb, version 7, 1.5 s old`. */
export const inventoryInWords = ({ source, version, ageMs, note }: InventoryUsed): string =>
  `of the ${source}, version ${version}, ${lengthOf(ageMs)} old${why(note)}`;
