import { join } from 'node:path';

import type { WeightDocument } from '@sluice/contracts';

import { refusedName } from './names.js';
import { writeAtomically } from './atomic-file.js';
import type { WeightPublisher } from './weights.js';

/** `<folder>/<backend>.json` is the document, for what reads a file at every request. */
export class FilePublisher implements WeightPublisher {
  constructor(private readonly folder: string) {}

  async publish(backend: string, document: WeightDocument): Promise<void> {
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/.test(backend))
      throw refusedName(backend, 'a file can have: use letters, digits and . _ -');
    await writeAtomically(join(this.folder, `${backend}.json`), `${JSON.stringify(document)}\n`);
  }
}
