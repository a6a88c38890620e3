import type { LeftOut } from '@sluice/contracts';

const MAX_ENTRIES = 2_000;
const MAX_TEXT = 100;

/**
 * The seal of a plan is one commit and must stay small: at most 2,000 left-out hosts are named, with short reasons.
 * One last entry for the host `*` counts the rest.
 */
export function boundLeftOut(leftOut: readonly LeftOut[]): readonly LeftOut[] {
  const named = leftOut.slice(0, MAX_ENTRIES).map(({ host, reason }) => ({ host, reason: reason.slice(0, MAX_TEXT) }));
  const more = leftOut.length - named.length;
  return more === 0 ? named : [...named, { host: '*', reason: `${more} more hosts are left out` }];
}
