import {
  type RoleLimit,
  type Scalar,
  type VariableSchedule,
  type VariableSpec,
  VARIABLE_NAME_PATTERN,
} from '@sluice/contracts';
import { MAX_DURATION_MS, SluiceError } from '@sluice/kernel';

const NAME = new RegExp(VARIABLE_NAME_PATTERN, 'u');
const MAX_VALUE_LENGTH = 4_000;
const MAX_POINTS = 100;
const MAX_PACE = 10_000;

const bad = (words: string): SluiceError => new SluiceError('BAD_VARIABLE', words);

/** Refuses what no ramp can be made of. Code BAD_VARIABLE, with what to write instead. */
export function checkSpec({ name, type, from, to, schedule, limits }: VariableSpec): void {
  if (!NAME.test(name))
    throw bad(`"${name.slice(0, 100)}" is no name of a variable: a letter or _, then letters, digits, _ . or -`);
  checkValue(type, from);
  checkValue(type, to);
  if (from === to) throw bad(`${name} goes from ${String(from)} to the same value: name another one`);
  checkSchedule(schedule);
  for (const [role, limit] of Object.entries(limits)) checkLimit(role, limit);
}

/** Code BAD_VARIABLE unless the value is of the type. */
export function checkValue(type: VariableSpec['type'], value: Scalar): void {
  const fits = typeof value === type && !(typeof value === 'number' && !Number.isFinite(value));
  if (!fits) throw bad(`${JSON.stringify(value)} is no ${type}: all values of a variable are of its type`);
  if (typeof value === 'string' && value.length > MAX_VALUE_LENGTH)
    throw bad(`a value has at most ${MAX_VALUE_LENGTH} characters: keep the content elsewhere and name it here`);
}

const isDuration = (ms: number): boolean => isWithin(ms, MAX_DURATION_MS);

function checkSchedule(schedule: VariableSchedule): void {
  if (schedule.kind === 'linear') {
    if (!isDuration(schedule.durationMs)) throw bad('a ramp lasts 1ms to 366d, in whole milliseconds');
    return;
  }
  const { points } = schedule;
  const last = points.at(-1);
  if (last === undefined || points.length > MAX_POINTS || last[1] !== 1 || !isDuration(last[0]))
    throw bad(`a schedule has 1 to ${MAX_POINTS} points [ms, fraction] and ends with fraction 1 within 366d`);
  points.forEach(([ms, fraction], i) => {
    const [before, least] = points[i - 1] ?? [-1, 0];
    if (!Number.isInteger(ms) || ms <= before || !(fraction >= least && fraction <= 1))
      throw bad(`point ${i + 1} of the schedule: time grows from point to point, and the fraction never falls`);
  });
}

function checkLimit(role: string, { maxPercent = 100, minHosts = 0, maxHosts = minHosts, pace }: RoleLimit): void {
  if (!(maxPercent >= 0 && maxPercent <= 100) || !isCount(minHosts) || !isCount(maxHosts))
    throw bad(`the limit of role ${role}: maxPercent is 0 to 100, minHosts and maxHosts are whole numbers from 0`);
  if (maxHosts < minHosts)
    throw bad(`the limit of role ${role}: at least ${minHosts} and at most ${maxHosts} cannot both hold`);
  if (pace !== undefined) checkPace(role, pace);
}

function checkPace(role: string, { changes, windowMs }: NonNullable<RoleLimit['pace']>): void {
  if (!isWithin(changes, MAX_PACE) || !isDuration(windowMs))
    throw bad(`the pace of role ${role}: 1 to ${MAX_PACE} changes in a window of 1ms to 366d`);
}

const isWithin = (value: number, most: number): boolean => Number.isInteger(value) && value >= 1 && value <= most;
const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0;
