import type { ReportAnswer } from '@sluice/contracts';
import { isSluiceError, messageOf } from '@sluice/kernel';

/** Answers to a report that no later try will change. */
const FINAL_REFUSALS: ReadonlySet<string> = new Set(['BAD_REPORT', 'STALE_ATTEMPT', 'FENCED']);
export const TAKEN: ReportAnswer = { ok: true };

export const NOT_READY: ReportAnswer = {
  ok: false,
  code: 'NOT_READY',
  message: 'this executor still reads the log',
  retry: true,
};

export const LAGGING: ReportAnswer = {
  ok: false,
  code: 'NOT_READY',
  message: 'this executor has not read all of the rollout yet',
  retry: true,
};

export const notOpen = (rollout: string): ReportAnswer => ({
  ok: false,
  code: 'STALE_ATTEMPT',
  message: `${rollout} is not open`,
  retry: false,
});

export function refusedReport(error: unknown): ReportAnswer {
  const code = isSluiceError(error) ? error.code : 'INTERNAL';
  return { ok: false, code, message: messageOf(error), retry: !FINAL_REFUSALS.has(code) };
}
