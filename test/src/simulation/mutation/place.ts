import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { Mutant } from './mutant.js';

/** Where the built module of a mutant lies. */
export const urlOf = ({ module: [name, file] }: Mutant): string => new URL(file, import.meta.resolve(name)).href;

/** How often the text stands in the built module: once, or the mutant is stale. */
export function placesOf(mutant: Mutant): number {
  return readFileSync(fileURLToPath(urlOf(mutant)), 'utf8').split(mutant.find).length - 1;
}
