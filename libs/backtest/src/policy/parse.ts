import { GATE_MEASURE_FIELDS, readLimits } from './gate-fields.js';
import { type Amount, type CandidateGate, type MeasurePatch, type ParsedPolicy, type Selector } from './policy.js';
import { duration, FaultList, listOf, mapping, names, oneOf, type Read, text, unknownKey, whole } from './reader.js';

const MAX_GATES = 100;
const PERCENT = /^(\d{1,3})\s?%$/;

/** `3`, or `"5%"` of the members. */
const amount: Read<Amount> = (value, path, list) => {
  if (Number.isSafeInteger(value) && Number(value) >= 1) return { kind: 'count', count: Number(value) };
  const percent = typeof value === 'string' ? Number(PERCENT.exec(value)?.[1] ?? Number.NaN) : Number.NaN;
  if (percent >= 0 && percent <= 100) return { kind: 'percent', percent };
  return list.add(path, 'BAD_AMOUNT', 'must be a number of targets from 1 on, or a share such as "5%"');
};

type Kind = keyof typeof GATE_MEASURE_FIELDS;

const KINDS = Object.keys(GATE_MEASURE_FIELDS);
const isKind = (kind: unknown): kind is Kind => typeof kind === 'string' && KINDS.includes(kind);

const measure: Read<MeasurePatch> = (value, path, list) => {
  const kind: unknown = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  if (isKind(kind)) {
    const read = mapping({ kind: oneOf(...KINDS), ...GATE_MEASURE_FIELDS[kind] })(value, path, list);
    return read === undefined ? undefined : (read as MeasurePatch);
  }
  return typeof kind === 'string'
    ? list.add(`${path}/kind`, 'BAD_VALUE', unknownKey(kind, KINDS))
    : list.add(`${path}/kind`, 'MISSING', `is missing: say of which kind the gate is, one of ${KINDS.join(', ')}`);
};

const gateFields = mapping({
  name: text,
  source: text,
  at: listOf(oneOf('entry', 'during', 'exit'), 3),
  onFail: oneOf('brake', 'rollback', 'record'),
  interval: duration,
  limits: readLimits,
  measure,
});

const gate: Read<CandidateGate> = (value, path, list) => {
  const read = gateFields(value, path, list);
  if (read === undefined) return undefined;
  const { name, interval, ...rest } = read;
  if (name === undefined) return list.add(`${path}/name`, 'MISSING', 'is missing: a gate is known by its name');
  if (name === 'settled' || name === 'ready')
    return list.add(`${path}/name`, 'GATE_RESERVED', `${name} is built in: its inputs are not recorded by a policy`);
  return { ...rest, name, ...(interval === undefined ? {} : { intervalMs: interval }) };
};

const document = mapping({
  name: text,
  applies: mapping({ app: names, group: names, environment: names }),
  brake: mapping({
    failureLimit: amount,
    maxUnavailable: amount,
    extraFailures: whole(),
    minServing: whole(),
  }),
  gates: listOf(gate, MAX_GATES),
});

/**
 * A policy from its document, as YAML or JSON parsed it; `name` is what it is called when it does not say. Every fault is
 * told: UNKNOWN_KEY, BAD_TYPE, BAD_NUMBER, BAD_AMOUNT, BAD_VALUE, BAD_DURATION, MISSING, GATE_TWICE, GATE_RESERVED, TOO_MANY, EMPTY.
 */
export function parsePolicy(value: unknown, name: string): ParsedPolicy {
  const list = new FaultList();
  const read = document(value, '', list);
  if (read !== undefined) checkGates(list, read.gates ?? []);
  if (read === undefined || list.faults.length > 0) return { ok: false, faults: list.faults };
  const { brake = {}, gates = [], applies } = read;
  if (Object.keys(brake).length + gates.length === 0) {
    list.add('', 'EMPTY', 'changes nothing: give it a brake or gates');
    return { ok: false, faults: list.faults };
  }
  return { ok: true, policy: { name: read.name ?? name, applies: selectorOf(applies), brake, gates } };
}

type Applies = { readonly [K in 'app' | 'group' | 'environment']?: readonly string[] };

const selectorOf = ({ app = [], group = [], environment = [] }: Applies = {}): Selector => ({
  ...{ apps: app, groups: group, environments: environment },
});

function checkGates(list: FaultList, gates: readonly CandidateGate[]): void {
  for (const [i, { name }] of gates.entries())
    if (gates.findIndex((other) => other.name === name) < i)
      list.add(`/gates/${i}/name`, 'GATE_TWICE', `"${name}" stands there twice: remove or rename one`);
}
