import { BUILT_IN_GATES, type Fault, GATE_MEASURE_SCHEMAS, gateDocumentSchema } from '@sluice/contracts';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';

import { isPlainObject } from './rules.js';

const ajv = new Ajv2020({ allErrors: true, strict: false });
const isGate = ajv.compile(gateDocumentSchema({ type: 'object' }));
const measures: ReadonlyMap<unknown, ValidateFunction> = new Map(
  Object.entries(GATE_MEASURE_SCHEMAS).map(([kind, schema]) => [kind, ajv.compile(schema)]),
);
const KINDS = [...measures.keys()].join(', ');

/**
 * Faults in the form of the gates of a request. By the JSON Schema itself: which rules hold for a measure depends on
 * its kind, so that only the faults of that kind are told.
 */
export function gateFaults(gates: unknown): readonly Fault[] {
  return Array.isArray(gates) ? gates.flatMap((gate: unknown, i) => faultsOfGate(gate, `/gates/${i}`)) : [];
}

function faultsOfGate(gate: unknown, path: string): readonly Fault[] {
  if (!isPlainObject(gate)) {
    const message = `must be ${BUILT_IN_GATES.join(' or ')}, or a gate with a name and a measure`;
    return BUILT_IN_GATES.some((name) => name === gate) ? [] : [{ path, code: 'BAD_GATES', message }];
  }
  const measure: unknown = Object.entries(gate as object).find(([name]) => name === 'measure')?.[1];
  const own = isGate(gate) ? [] : (isGate.errors ?? []).map((error) => faultOf(error, path));
  return isPlainObject(measure) ? [...own, ...faultsOfMeasure(measure as object, `${path}/measure`)] : own;
}

function faultsOfMeasure(measure: object, path: string): readonly Fault[] {
  const kind: unknown = Object.entries(measure).find(([name]) => name === 'kind')?.[1];
  const validate = measures.get(kind);
  if (validate === undefined) return [{ path: `${path}/kind`, code: 'BAD_CHOICE', message: `must be one of ${KINDS}` }];
  return validate(measure) ? [] : (validate.errors ?? []).map((error) => faultOf(error, path));
}

function faultOf({ instancePath, params, message }: ErrorObject, base: string): Fault {
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
