import { SluiceError } from '@sluice/kernel';

import { DEPENDENCY_REFUSED } from '../dependency/breaker.js';

/** What HAProxy allows in names, and nothing that would end a command. */
export const HAPROXY_NAME = /^[A-Za-z0-9_.:-]{1,200}$/;

const MISSING = /no such (server|backend)|can't find backend/i;

/** The value of a column in the line of one server. */
export type HaproxyRow = (column: string) => string;

/**
 * The servers of the backend as `show servers state` tells them; the first line of its table names the columns. Codes
 * DEPENDENCY_REFUSED (there is no such backend) and BALANCER_ANSWER.
 */
export function rowsOf(answer: string, backend: string): readonly HaproxyRow[] {
  const lines = answer.split('\n').map((line) => line.trim());
  const head = lines
    .find((line) => line.startsWith('# be_id'))
    ?.slice(2)
    .split(' ');
  if (head === undefined) {
    if (!MISSING.test(answer)) throw unexpectedAnswer(answer);
    throw new SluiceError(DEPENDENCY_REFUSED, `HAProxy has no backend ${backend}: add it to its configuration`);
  }
  return lines
    .map((line): HaproxyRow => {
      const fields = line.split(' ');
      return (column) => fields[head.indexOf(column)] ?? '';
    })
    .filter((row) => row('be_name') === backend);
}

export const unexpectedAnswer = (answer: string): SluiceError =>
  new SluiceError(
    'BALANCER_ANSWER',
    `the runtime API of HAProxy did not do it; it answered "${answer.trim().split('\n')[0]?.slice(0, 120) ?? ''}"`,
  );
