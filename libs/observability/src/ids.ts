import { randomFillSync } from 'node:crypto';

import { ulid } from '@sluice/kernel';

/**
 * A maker of ULIDs that sort in the order in which this process made them: within one millisecond, and while the clock
 * stands behind, the chance of the last id is counted up.
 */
export function createUlidMaker(now: () => number = Date.now): () => string {
  const chance = new Uint8Array(10);
  let last = -1;
  return () => {
    const time = now();
    if (time > last) {
      last = time;
      randomFillSync(chance);
    } else if (!countUp(chance)) {
      last += 1;
    }
    return ulid(last, chance);
  };
}

/** False when it went round to zero. */
function countUp(bytes: Uint8Array): boolean {
  for (let i = bytes.length - 1; i >= 0; i -= 1) {
    const next = ((bytes[i] ?? 0) + 1) & 0xff;
    bytes[i] = next;
    if (next !== 0) return true;
  }
  return false;
}

/** A new ULID of the machine's time. */
export const newUlid: () => string = createUlidMaker();
