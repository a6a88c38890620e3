import 'reflect-metadata';

import { type Fault, RAMP_WISHES_SCHEMA } from '@sluice/contracts';

import { compiled, faultOf } from '../schema/compiled.js';
import { isPlainObject } from './rules.js';

const rampSchema = compiled(RAMP_WISHES_SCHEMA);

/** Faults in the form of the ramp of a request, by the JSON Schema itself. */
export function rampFaults(ramp: unknown): readonly Fault[] {
  const isRamp = rampSchema();
  if (!isPlainObject(ramp) || isRamp(ramp)) return [];
  const errors = isRamp.errors ?? [];
  // Of the two ways to say how long, whichever was meant has told what is wrong.
  return errors
    .filter(({ keyword }) => keyword !== 'anyOf' || errors.length === 1)
    .map((error) => faultOf(error, '/ramp'));
}
