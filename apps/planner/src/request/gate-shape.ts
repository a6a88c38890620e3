import { BUILT_IN_GATES, type Fault, GATE_MEASURE_SCHEMAS, gateDocumentSchema } from '@sluice/contracts';

import { compiled, faultOf } from '../schema/compiled.js';
import { isPlainObject } from './rules.js';

const gateSchema = compiled(gateDocumentSchema({ type: 'object' }));
const measures = new Map<unknown, ReturnType<typeof compiled>>(
  Object.entries(GATE_MEASURE_SCHEMAS).map(([kind, schema]) => [kind, compiled(schema)]),
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
  const isGate = gateSchema();
  const own = isGate(gate) ? [] : (isGate.errors ?? []).map((error) => faultOf(error, path));
  return isPlainObject(measure) ? [...own, ...faultsOfMeasure(measure as object, `${path}/measure`)] : own;
}

function faultsOfMeasure(measure: object, path: string): readonly Fault[] {
  const kind: unknown = Object.entries(measure).find(([name]) => name === 'kind')?.[1];
  const validate = measures.get(kind)?.();
  if (validate === undefined) return [{ path: `${path}/kind`, code: 'BAD_CHOICE', message: `must be one of ${KINDS}` }];
  return validate(measure) ? [] : (validate.errors ?? []).map((error) => faultOf(error, path));
}
