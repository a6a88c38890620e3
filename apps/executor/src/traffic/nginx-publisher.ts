import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { WeightDocument } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import { writeAtomically } from './atomic-file.js';
import { refused, refusedName } from './names.js';
import { lastWords, runBounded } from './run-bounded.js';
import type { WeightPublisher } from './weights.js';

export interface NginxOptions {
  /** `<folder>/<backend>.conf` is written; the configuration includes `<folder>/*.conf` inside `http`. */
  readonly folder: string;
  /** argv. */
  readonly reload: readonly string[];
  /** argv that says by its status whether the configuration is sound, such as `nginx -t`. */
  readonly test?: readonly string[];
  /** What a request is told apart by; `$request_id` when absent. */
  readonly key?: string;
}

const WITHIN_MS = 10_000;

/**
 * Sets `$sluice_<backend>` to the side of each request, by `split_clients`. nginx goes on with the configuration that it
 * has until it is told to reload, so a file that it will not take is put back before that.
 */
export class NginxPublisher implements WeightPublisher {
  constructor(private readonly options: NginxOptions) {}

  async publish(backend: string, document: WeightDocument): Promise<void> {
    if (!/^[A-Za-z0-9_]{1,100}$/.test(backend))
      throw refusedName(backend, 'a variable of nginx can have: use letters, digits and _');
    const path = join(this.options.folder, `${backend}.conf`);
    const before = await textOf(path);
    await writeAtomically(path, splitClients(backend, document, this.options.key));
    await this.assertSound(path, before);
    const { reload } = this.options;
    const ran = await runBounded(reload, { withinMs: WITHIN_MS });
    if (ran.status !== 0) throw new SluiceError('NGINX_RELOAD', `${reload.join(' ')} failed: ${lastWords(ran)}`);
  }

  private async assertSound(path: string, before: string | undefined): Promise<void> {
    const { test } = this.options;
    if (test === undefined) return;
    const ran = await runBounded(test, { withinMs: WITHIN_MS });
    if (ran.status === 0) return;
    await (before === undefined ? rm(path, { force: true }) : writeAtomically(path, before));
    throw refused(`nginx will not take the new weights, the old ones stand: ${lastWords(ran)}`);
  }
}

/**
 * The first side in the order of names has the lower part of all hashes, whatever its share is: as the share moves, only
 * requests in between change sides. nginx knows no share of 0%, nor one that leaves nothing.
 */
export function splitClients(backend: string, { version, weights }: WeightDocument, key = '$request_id'): string {
  const sides = Object.keys(weights).toSorted();
  for (const side of sides)
    if (!/^[A-Za-z0-9_.-]{1,200}$/.test(side))
      throw refusedName(side, 'a side at nginx can have: use letters, digits and . _ -');
  const [first = '', second = ''] = sides;
  const share = weights[first] ?? 0;
  return [
    `# Version ${version}, written by Sluice: what is changed here by hand is lost.`,
    `split_clients "${key}" $sluice_${backend} {`,
    ...(share > 0 && share < 100 ? [`  ${share}% "${first}";`] : []),
    `  * "${share === 100 ? first : second}";`,
    '}',
    '',
  ].join('\n');
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
