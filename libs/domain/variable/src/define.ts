import type { VariableEvent, VariableSchedule, VariableSpec } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import { checkSpec } from './spec.js';
import type { Fleet, VariableState } from './state.js';

interface Definition {
  readonly spec: VariableSpec;
  readonly reason: string;
}

/** Before its first step, and after its last, a ramp can be given another shape. */
const AT_AN_END = ['defined', 'reverted', 'reversed', 'finished'];

/**
 * A variable is defined, has its limits changed at any time, and is given its next value once all hosts have the same:
 * so no definition ever changes what a host is to have. Codes BAD_VARIABLE, CONFLICT.
 */
export function definition(fleet: Fleet, name: string, { spec, reason }: Definition): VariableEvent {
  checkSpec(spec);
  if (spec.name !== name)
    throw new SluiceError('BAD_VARIABLE', `the definition of ${name} names ${spec.name}: name the same variable twice`);
  const variable = fleet.variables.get(name);
  if (variable !== undefined) checkChange(variable, spec);
  return { type: 'VariableDefined', version: (variable?.version ?? 0) + 1, spec, reason };
}

function checkChange(variable: VariableState, spec: VariableSpec): void {
  const { spec: old } = variable;
  if (spec.type !== old.type) throw conflict(variable, `it stays a ${old.type}: define another variable`);
  const there = variable.roles.reduce((sum, { to }) => sum + to, 0);
  if (spec.from === old.from && spec.to === old.to) checkShape(variable, spec, there);
  else checkValues(variable, spec, there);
}

const conflict = ({ spec, phase }: VariableState, words: string): SluiceError =>
  new SluiceError('CONFLICT', `${spec.name} is ${phase}: ${words}`);

function checkShape(variable: VariableState, spec: VariableSpec, there: number): void {
  if (!AT_AN_END.includes(variable.phase) && !sameSchedule(spec.schedule, variable.spec.schedule))
    throw conflict(variable, 'its schedule can be changed when it is finished, reversed or reverted');
  if (spec.salt !== variable.spec.salt && there > 0)
    throw conflict(variable, 'its salt can be changed while no host has its new value');
}

function checkValues(variable: VariableState, spec: VariableSpec, there: number): void {
  const { from, to } = variable.spec;
  const hosts = variable.roles.reduce((sum, { n }) => sum + n, 0);
  if (!AT_AN_END.includes(variable.phase) || (there > 0 && there < hosts))
    throw conflict(
      variable,
      `${there} of ${hosts} hosts have ${String(to)}: let all have it, or none, before the next`,
    );
  const all = there === 0 ? from : to;
  if (hosts > 0 && spec.from !== all)
    throw conflict(variable, `all hosts have ${String(all)}: its next ramp goes from that value`);
}

function sameSchedule(a: VariableSchedule, b: VariableSchedule): boolean {
  if (a.kind === 'linear' || b.kind === 'linear')
    return a.kind === 'linear' && b.kind === 'linear' && a.durationMs === b.durationMs;
  return (
    a.points.length === b.points.length &&
    a.points.every(([ms, fraction], i) => b.points[i]?.[0] === ms && b.points[i]?.[1] === fraction)
  );
}
