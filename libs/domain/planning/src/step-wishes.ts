import type { ChainStep, DeployRequest, Plan, StepSpec } from '@sluice/contracts';
import { STEP_CHAIN } from '@sluice/contracts';
import { formatDuration } from '@sluice/kernel';

import { durationOr, type FaultList } from './faults.js';

/** A step of a day is a typing error. */
const MAX_DEADLINE_MS = 24 * 3_600_000;

/** What a request says about single steps: for the plan, and for the spec that agents get. */
export interface StepWishes {
  readonly plan: Pick<Plan, 'stepRetries' | 'onVerifyFailure' | 'prefetch' | 'rollbackable'>;
  readonly deadlinesMs: StepSpec['deadlinesMs'];
}

export function stepWishesOf(list: FaultList, request: DeployRequest): StepWishes {
  const { prefetch, rollbackable, onVerifyFailure } = request;
  const stepRetries = retriesOf(request);
  return {
    deadlinesMs: deadlinesOf(list, request),
    plan: {
      ...(stepRetries === undefined ? {} : { stepRetries }),
      ...(onVerifyFailure === undefined
        ? {}
        : { onVerifyFailure: onVerifyFailure === 'giveUp' ? { then: 'giveUp' } : onVerifyFailure }),
      ...(prefetch === true ? { prefetch } : {}),
      ...(rollbackable === false ? { rollbackable } : {}),
    },
  };
}

/** No retry is what a step has anyway. */
function retriesOf({ stepRetries }: DeployRequest): Plan['stepRetries'] {
  const asked = STEP_CHAIN.flatMap((step): [ChainStep, number][] => {
    const times = stepRetries?.[step] ?? 0;
    return times > 0 ? [[step, times]] : [];
  });
  return asked.length === 0 ? undefined : Object.fromEntries(asked);
}

function deadlinesOf(list: FaultList, { deadlines }: DeployRequest): StepSpec['deadlinesMs'] {
  const asked = STEP_CHAIN.flatMap((step): [ChainStep, number][] => {
    const text = deadlines?.[step];
    return text === undefined ? [] : [[step, deadlineOf(list, step, text)]];
  });
  return asked.length === 0 ? undefined : Object.fromEntries(asked);
}

function deadlineOf(list: FaultList, step: ChainStep, text: string): number {
  const path = `/deadlines/${step}`;
  // A faulty text is listed already: any sound value will do to go on.
  const ms = durationOr(list, path, text, MAX_DEADLINE_MS);
  if (ms <= 0) list.add(path, 'TOO_SHORT', 'must be longer than 0');
  if (ms > MAX_DEADLINE_MS) list.add(path, 'TOO_LONG', `may last at most ${formatDuration(MAX_DEADLINE_MS)}`);
  return ms;
}
