import type { Fault } from '@sluice/contracts';
import { isSluiceError, parseDuration } from '@sluice/kernel';

/** The most faults that are told of one document. */
const MAX_FAULTS = 50;
/** A name that differs in more letters is another name. */
const MAX_DISTANCE = 3;

/** Reads one value of a document; `undefined` when it is faulty, and then a fault was added. */
export type Read<T> = (value: unknown, path: string, list: FaultList) => T | undefined;

/** Gathers every fault of a document, so that its author mends them all at once. */
export class FaultList {
  readonly faults: Fault[] = [];

  add(path: string, code: string, message: string): undefined {
    if (this.faults.length < MAX_FAULTS) this.faults.push({ path, code, message });
    return undefined;
  }
}

type Fields = Readonly<Record<string, Read<unknown>>>;
type Values<F extends Fields> = { readonly [K in keyof F]?: F[K] extends Read<infer T> ? T : never };

/** A mapping with these keys and no other. Code UNKNOWN_KEY names the key that was meant, when one is near. */
export const mapping =
  <F extends Fields>(fields: F): Read<Values<F>> =>
  (value, path, list) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return list.add(path, 'BAD_TYPE', `must be a mapping with ${wordsOf(Object.keys(fields))}`);
    const out: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      const read = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (read === undefined) list.add(`${path}/${key}`, 'UNKNOWN_KEY', unknownKey(key, Object.keys(fields)));
      else {
        const found = read(item, `${path}/${key}`, list);
        if (found !== undefined) out[key] = found;
      }
    }
    return out as Values<F>;
  };

export const listOf =
  <T>(read: Read<T>, most: number): Read<readonly T[]> =>
  (value, path, list) => {
    if (!Array.isArray(value)) return list.add(path, 'BAD_TYPE', 'must be a list');
    if (value.length > most)
      return list.add(path, 'TOO_MANY', `has ${value.length} entries, at most ${most} are taken`);
    return value.map((item, i) => read(item, `${path}/${i}`, list)).filter((item) => item !== undefined);
  };

/** One name or a list of them. */
export const names: Read<readonly string[]> = (value, path, list) =>
  typeof value === 'string' ? [value] : listOf(text, 1_000)(value, path, list);

export const text: Read<string> = (value, path, list) =>
  typeof value === 'string' && value !== '' && value.length <= 4_000
    ? value
    : list.add(path, 'BAD_TYPE', 'must be a text that is not empty');

export const flag: Read<boolean> = (value, path, list) =>
  typeof value === 'boolean' ? value : list.add(path, 'BAD_TYPE', 'must be true or false');

export const whole =
  (least = 0, most = 1_000_000): Read<number> =>
  (value, path, list) =>
    Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most
      ? Number(value)
      : list.add(path, 'BAD_NUMBER', `must be a whole number from ${least} to ${most}`);

export const figure =
  (least = -Number.MAX_VALUE, most = Number.MAX_VALUE): Read<number> =>
  (value, path, list) =>
    typeof value === 'number' && value >= least && value <= most
      ? value
      : list.add(path, 'BAD_NUMBER', `must be a number${most === 1 ? ` from ${least} to ${most}` : ''}`);

export const oneOf =
  <const T extends string>(...choices: readonly T[]): Read<T> =>
  (value, path, list) => {
    const found = choices.find((choice) => choice === value);
    return found ?? list.add(path, 'BAD_VALUE', `must be one of ${choices.join(', ')}`);
  };

/** A duration such as `5m`, as ms. */
export const duration: Read<number> = (value, path, list) => {
  try {
    return parseDuration(typeof value === 'string' ? value : '');
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    return list.add(path, error.code, error.message);
  }
};

export function unknownKey(key: string, known: readonly string[]): string {
  const near = known.map((each) => ({ each, far: distance(key, each) })).toSorted((a, b) => a.far - b.far)[0];
  const meant = near !== undefined && near.far <= MAX_DISTANCE && near.far < near.each.length ? near.each : undefined;
  const shown = `"${key.slice(0, 60)}" is not known here`;
  return meant === undefined ? `${shown}: there is ${wordsOf(known)}` : `${shown}: did you mean "${meant}"?`;
}

const wordsOf = (keys: readonly string[]): string => keys.join(', ');

/** Letters to insert, remove or change, of the first 60. */
function distance(a: string, b: string): number {
  const from = a.slice(0, 60).toLowerCase();
  const to = b.toLowerCase();
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
