import 'reflect-metadata';

import { type Fault, RAMP_WISHES_SCHEMA } from '@sluice/contracts';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';

import { isPlainObject } from './rules.js';

const isRamp = new Ajv2020({ allErrors: true, strict: false }).compile(RAMP_WISHES_SCHEMA);

/** Faults in the form of the ramp of a request, by the JSON Schema itself. */
export function rampFaults(ramp: unknown): readonly Fault[] {
  if (!isPlainObject(ramp) || isRamp(ramp)) return [];
  const errors = isRamp.errors ?? [];
  // Of the two ways to say how long, whichever was meant has told what is wrong.
  return errors.filter(({ keyword }) => keyword !== 'anyOf' || errors.length === 1).map(faultOf);
}

function faultOf({ instancePath, params, message }: ErrorObject): Fault {
  const path = `/ramp${instancePath}`;
  const unknown: unknown = params['additionalProperty'];
  if (typeof unknown === 'string') {
    const words = 'is no field that Sluice knows: check its spelling or remove it';
    return { path: `${path}/${unknown}`.slice(0, 1_000).toWellFormed(), code: 'UNKNOWN_FIELD', message: words };
  }
  const missing: unknown = params['missingProperty'];
  if (typeof missing === 'string') return { path: `${path}/${missing}`, code: 'REQUIRED', message: 'is missing' };
  return { path, code: 'BAD_VALUE', message: (message ?? 'is not valid').slice(0, 500) };
}
