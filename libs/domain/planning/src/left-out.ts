import type { LeftOut } from '@sluice/contracts';

const MAX_BYTES = 128 * 1024;
const MAX_REASON = 100;

const encoder = new TextEncoder();

/**
 * The seal of a plan is one commit and must stay small: left-out hosts are named, with short reasons, in up to 128 KiB
 * (about 2,500 hosts). One last entry for the host `*` counts the rest.
 */
export function boundLeftOut(leftOut: readonly LeftOut[]): readonly LeftOut[] {
  const named: LeftOut[] = [];
  let bytes = 0;
  for (const { host, reason } of leftOut) {
    const entry: LeftOut = { host, reason: reason.slice(0, MAX_REASON) };
    bytes += encoder.encode(JSON.stringify(entry)).length + 1;
    if (bytes > MAX_BYTES)
      return [...named, { host: '*', reason: `${leftOut.length - named.length} more hosts are left out` }];
    named.push(entry);
  }
  return named;
}
