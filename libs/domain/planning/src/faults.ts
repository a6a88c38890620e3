import type { Fault } from '@sluice/contracts';
import { isSluiceError, parseDuration } from '@sluice/kernel';

/** The most faults that one outcome lists. */
export const MAX_FAULTS = 100;

/** Gathers every fault of a document, so that its author mends them all at once. */
export interface FaultList {
  readonly faults: readonly Fault[];
  add(path: string, code: string, message: string): void;
}

export function faultList(): FaultList {
  const faults: Fault[] = [];
  return { faults, add: (path, code, message) => void faults.push({ path, code, message }) };
}

/** At most MAX_FAULTS of them; the last then says how many more there are. */
export function boundFaults(faults: readonly Fault[]): readonly Fault[] {
  if (faults.length <= MAX_FAULTS) return faults;
  const more = faults.length - MAX_FAULTS + 1;
  const message = `${more} more faults are not listed: mend these first`;
  return [...faults.slice(0, MAX_FAULTS - 1), { path: '', code: 'TOO_MANY_FAULTS', message }];
}

/** The duration in milliseconds, or `fallback` when it is absent or faulty (which is then listed). */
export function durationOr(list: FaultList, path: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  try {
    return parseDuration(text);
  } catch (error) {
    if (!isSluiceError(error, 'BAD_DURATION')) throw error;
    list.add(path, error.code, error.message);
    return fallback;
  }
}
