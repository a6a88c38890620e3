import { SluiceError } from '@sluice/kernel';

import type { WeightDocument } from '../traffic.js';
import { weightDocument } from './traffic-schemas.js';
import { parserOf } from './validate.js';

const parse = parserOf<WeightDocument>('WeightDocument', weightDocument);

/** A document of weights, from bytes or from JSON that was read. Code BAD_MESSAGE when it is none, or its weights are not of two sides that sum to 100. */
export function parseWeightDocument(input: unknown): WeightDocument {
  const document = parse(input);
  const weights = Object.values(document.weights);
  if (weights.length !== 2 || weights.reduce((sum, weight) => sum + weight, 0) !== 100)
    throw new SluiceError('BAD_MESSAGE', 'the weights of two sides must sum to 100');
  return document;
}
