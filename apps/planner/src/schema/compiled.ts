import type { Fault, Schema } from '@sluice/contracts';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';

let shared: Ajv2020 | undefined;

/** All faults of a value by its JSON Schema, compiled when it is first asked for: not every planner reads every form. */
export function compiled<T>(schema: Schema): () => ValidateFunction<T> {
  let validate: ValidateFunction<T> | undefined;
  return () => {
    shared ??= new Ajv2020({ allErrors: true, strict: false });
    validate ??= shared.compile<T>(schema);
    return validate;
  };
}

/** One fault in words. `base`: path of the value that was judged, as in RFC 6901. */
export function faultOf({ instancePath, params, message }: ErrorObject, base: string): Fault {
  const path = `${base}${instancePath}`;
  const unknown: unknown = params['additionalProperty'];
  if (typeof unknown === 'string') {
    const words = 'is no field that Sluice knows: check its spelling or remove it';
    return { path: `${path}/${unknown}`.slice(0, 1_000).toWellFormed(), code: 'UNKNOWN_FIELD', message: words };
  }
  const missing: unknown = params['missingProperty'];
  if (typeof missing === 'string') return { path: `${path}/${missing}`, code: 'REQUIRED', message: 'is missing' };
  return { path, code: 'BAD_VALUE', message: (message ?? 'is not valid').slice(0, 500) };
}
