import type { Fault } from '@sluice/contracts';

import { type ProblemError, refuse } from '../problems/problem.js';

/** The planner's refusal with every fault. */
export function refused(faults: readonly Fault[], requestId?: string): ProblemError {
  const first = faults[0];
  const detail =
    first === undefined ? 'the request was refused' : `${faults.length} fault(s): ${first.path} ${first.message}`;
  const details = requestId === undefined ? {} : { details: { requestId } };
  return refuse('REQUEST_REFUSED', detail, { status: 422, faults, ...details });
}
