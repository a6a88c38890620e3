import { request } from 'node:http';

import type { VerifySpec } from '@sluice/contracts';
import { type Clock, messageOf, SluiceError } from '@sluice/kernel';

import { oneLine } from '../files/tail.js';
import { type Deadline, deadlineAfter, sleep } from '../time/waiting.js';
import { throwIfInterrupted } from './steps.js';

const REQUEST_TIMEOUT_MS = 5_000;
const MIN_INTERVAL_MS = 10;

export interface VerifyDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly port: number;
  /** Throws when asking on makes no sense, because the process is gone. */
  readonly requireLife: () => Promise<void>;
}

/**
 * Asks the app on loopback until it answered n times in a row as wanted (TAR-37). One refused connection is no failure:
 * only the deadline is. Code VERIFY_TIMEOUT with what was seen last.
 */
export async function verifyHttp(deps: VerifyDeps, spec: VerifySpec): Promise<void> {
  const deadline = deadlineAfter(deps.clock, spec.timeoutMs);
  const signal = AbortSignal.any([deps.signal, deadline.signal]);
  let row = 0;
  let best = 0;
  let seen = 'no answer';
  try {
    while (row < spec.successes) {
      await deps.requireLife();
      const answer = await ask(deps, spec, signal);
      throwIfInterrupted(deps.signal);
      throwIfExpired(deadline, spec, `${seen}; ${best} of ${spec.successes} in a row`);
      seen = answer.text;
      row = answer.good ? row + 1 : 0;
      best = Math.max(best, row);
      if (row < spec.successes) await sleep(deps.clock, Math.max(MIN_INTERVAL_MS, spec.intervalMs), signal);
    }
    await deps.requireLife();
  } finally {
    deadline.clear();
  }
}

function throwIfExpired(deadline: Deadline, spec: VerifySpec, seen: string): void {
  if (!deadline.expired()) return;
  throw new SluiceError('VERIFY_TIMEOUT', `not verified within ${spec.timeoutMs} ms; seen last: ${seen}`);
}

interface Answer {
  readonly good: boolean;
  readonly text: string;
}

/** One GET. Redirects are answers like others; the body is not read. */
function ask(deps: VerifyDeps, spec: VerifySpec, signal: AbortSignal): Promise<Answer> {
  const limit = deadlineAfter(deps.clock, REQUEST_TIMEOUT_MS);
  return new Promise<Answer>((resolve) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: deps.port,
        path: spec.path,
        agent: false,
        signal: AbortSignal.any([signal, limit.signal]),
      },
      (response) => {
        response.destroy();
        const status = response.statusCode ?? 0;
        resolve({ good: status === spec.status, text: `status ${status}` });
      },
    );
    outgoing.once('error', (error) => {
      resolve({
        good: false,
        text: limit.expired() ? `no answer within ${REQUEST_TIMEOUT_MS} ms` : oneLine(messageOf(error), 120),
      });
    });
    outgoing.end();
  }).finally(limit.clear);
}
