import { parseDuration } from '@sluice/kernel';

import { CliError, EXIT } from '../client/exit.js';

/** `30d` is so long ago, anything else a moment; ms since the epoch. */
export function timeOf(text: string, now: number): number {
  if (/^\d+(\.\d+)?[a-z]/i.test(text)) return now - parseDuration(text);
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new CliError(EXIT.usage, `${text} is no time such as 2026-01-31T12:00:00Z or 30d`);
  return at;
}
