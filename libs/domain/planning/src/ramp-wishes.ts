import {
  type DeployRequest,
  type PlanRamp,
  type RampLimit,
  type RampPhase,
  type RampPoint,
  type RampWishes,
  REQUEST_LIMITS,
  type RoleLimit,
  type Scalar,
  type VariableSchedule,
  type VariableSpec,
} from '@sluice/contracts';
import { formatDuration, MAX_DURATION_MS } from '@sluice/kernel';

import { durationOr, type FaultList } from './faults.js';

/** What is known of the variable of a ramp. `whole`: of a finished one, no host has the old value any more. */
export interface KnownVariable {
  readonly spec: VariableSpec;
  readonly phase: RampPhase;
  readonly whole: boolean;
}

/**
 * The variable as the ramp defines it. Codes: REQUIRED, VARIABLE_BUSY, VARIABLE_PARTLY, VARIABLE_FROM, VARIABLE_SAME,
 * VARIABLE_TYPE, RAMP_POINTS, RAMP_LIMIT, TOO_SHORT, TOO_LONG, BAD_DURATION.
 */
export function readRampWishes(
  list: FaultList,
  request: DeployRequest,
  known: KnownVariable | undefined,
): PlanRamp['spec'] | undefined {
  const { ramp } = request;
  if (ramp === undefined) {
    list.add('/ramp', 'REQUIRED', 'is missing: say which variable, and over which time');
    return undefined;
  }
  const schedule = scheduleOf(list, ramp.over);
  const limits = limitsOf(list, ramp.limits ?? {});
  const to = ramp.to ?? textAs(request.version, known?.spec.type);
  const from = presentOf(list, ramp, known);
  if (from === undefined) return undefined;
  refuseValues(list, { from, to, known });
  const type = typeof to as VariableSpec['type'];
  return { name: ramp.variable, type, from, to, schedule, limits, salt: known?.spec.salt ?? '' };
}

/** Of a request that is no ramp. */
export function refuseRamp(list: FaultList, { ramp }: DeployRequest): void {
  if (ramp !== undefined) list.add('/ramp', 'NOT_USED', 'is said with strategy ramp alone: leave it out, or say ramp');
}

/** A version is a text; of a variable that is none, what it stands for. */
function textAs(version: string, type: VariableSpec['type'] | undefined): Scalar {
  if (type === 'number' && Number.isFinite(Number(version))) return Number(version);
  if (type === 'boolean' && (version === 'true' || version === 'false')) return version === 'true';
  return version;
}

/** What all hosts have, from where the ramp sets out. */
function presentOf(list: FaultList, { variable, from }: RampWishes, known: KnownVariable | undefined) {
  if (known === undefined) {
    if (from === undefined)
      list.add('/ramp/from', 'REQUIRED', `is missing: nobody has defined ${variable} yet, so say what hosts have now`);
    return from;
  }
  if (isBetween(list, variable, known)) return undefined;
  const { phase, spec } = known;
  const present = phase === 'finished' ? spec.to : spec.from;
  if (from !== undefined && from !== present)
    list.add('/ramp/from', 'VARIABLE_FROM', `all hosts have ${String(present)}: leave it out, or say that`);
  return present;
}

const UNDER_WAY: readonly RampPhase[] = ['ramping', 'paused', 'stopped', 'reversing'];

/** Some hosts have one value and some the other: a fault. */
function isBetween(list: FaultList, variable: string, { phase, spec, whole }: KnownVariable): boolean {
  const between = `between ${String(spec.from)} and ${String(spec.to)}`;
  if (phase === 'finished' && !whole) {
    const why = `${variable} is finished, and limits keep it ${between}: raise them with define, or reverse it first`;
    list.add('/ramp/variable', 'VARIABLE_PARTLY', why);
    return true;
  }
  if (!UNDER_WAY.includes(phase)) return false;
  const why = `${variable} is ${phase} ${between}: let its rollout end, or reverse or revert it first`;
  list.add('/ramp/variable', 'VARIABLE_BUSY', why);
  return true;
}

interface Values {
  readonly from: Scalar;
  readonly to: Scalar;
  readonly known: KnownVariable | undefined;
}

function refuseValues(list: FaultList, { from, to, known }: Values): void {
  const path = '/ramp/to';
  const type = known?.spec.type ?? typeof from;
  if (typeof to !== type)
    list.add(path, 'VARIABLE_TYPE', `${JSON.stringify(to)} is no ${type}, and a variable keeps its type: say one`);
  else if (to === from) list.add(path, 'VARIABLE_SAME', `all hosts have ${String(to)} already: name another value`);
}

function scheduleOf(list: FaultList, over: RampWishes['over']): VariableSchedule {
  if (typeof over === 'string') return { kind: 'linear', durationMs: lengthOf(list, '/ramp/over', over) };
  const points = over.map(({ after, percent }, i): readonly [number, number] => [
    durationOr(list, `/ramp/over/${i}/after`, after, i),
    percent / 100,
  ]);
  refusePoints(list, over, points);
  return { kind: 'points', points };
}

function refusePoints(list: FaultList, over: readonly RampPoint[], points: readonly (readonly [number, number])[]) {
  for (const [i, [ms, fraction]] of points.entries()) {
    const before = points[i - 1];
    if (before !== undefined && (ms <= before[0] || fraction < before[1]))
      list.add(`/ramp/over/${i}`, 'RAMP_POINTS', 'must come after the point before it, with no smaller a percentage');
  }
  const at = `/ramp/over/${over.length - 1}`;
  if (over.at(-1)?.percent !== 100)
    list.add(at, 'RAMP_POINTS', 'ends below 100 percent, so that the ramp would never end: add a point with 100');
  atMost(list, `${at}/after`, points.at(-1)?.[0] ?? 0);
}

function lengthOf(list: FaultList, path: string, text: string): number {
  const ms = durationOr(list, path, text, 1);
  if (ms === 0) list.add(path, 'TOO_SHORT', 'must be longer than 0');
  atMost(list, path, ms);
  return Math.min(Math.max(1, ms), MAX_DURATION_MS);
}

function atMost(list: FaultList, path: string, ms: number): void {
  if (ms > MAX_DURATION_MS) list.add(path, 'TOO_LONG', `may last at most ${formatDuration(MAX_DURATION_MS)}`);
}

function limitsOf(list: FaultList, limits: Readonly<Record<string, RampLimit>>): VariableSpec['limits'] {
  const read = Object.entries(limits).map(([role, limit]): readonly [string, RoleLimit] => {
    const path = `/ramp/limits/${role.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const { pace, ...counts } = limit;
    const { minHosts = 0, maxHosts = REQUEST_LIMITS.hostCount[1] } = counts;
    if (minHosts > maxHosts)
      list.add(path, 'RAMP_LIMIT', `at least ${minHosts} and at most ${maxHosts} cannot both be`);
    if (pace === undefined) return [role, counts];
    const windowMs = lengthOf(list, `${path}/pace/window`, pace.window);
    return [role, { ...counts, pace: { changes: pace.changes, windowMs } }];
  });
  return Object.fromEntries(read);
}
