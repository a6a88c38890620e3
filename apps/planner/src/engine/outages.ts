import { isSluiceError } from '@sluice/kernel';

const OUTAGES: ReadonlySet<string> = new Set([
  'LOG_UNAVAILABLE',
  'LOG_MISSING',
  'LOG_REGRESSED',
  'NATS_UNAVAILABLE',
  'PLAN_CONTENDED',
]);

/** True for what fails because the log is away, and not because of what was to be done: it is worth another try. */
export const isOutage = (error: unknown): boolean => isSluiceError(error) && OUTAGES.has(error.code);
