import { hashLeaf } from '@sluice/proof';
import { describe, expect, it, vi } from 'vitest';

import { CheckedTree } from '../tree.js';
import { SharedLeaves } from './shared-leaves.js';

/** A few of them fill what two threads share. */
const BYTES = 8_192;
const MAX = 1_000;
const LEAVES = 12_000;

describe('leaves that two threads hash', { timeout: 120_000 }, () => {
  it('are not kept once they are in the tree, however long the log is', async () => {
    const appended: Buffer[] = [];
    const tree = Object.assign(new CheckedTree([]), { append: (leaf: Buffer) => void appended.push(leaf) });
    const leaves = new SharedLeaves(tree, MAX);
    const expected: Buffer[] = [];
    let mostKept = 0;
    try {
      await vi.waitUntil(() => leaves.isShared, { timeout: 60_000 });
      for (let i = 0; i < LEAVES; i += 1) {
        const bytes = Buffer.alloc(BYTES, `${i} `);
        expected.push(hashLeaf(bytes));
        await leaves.add(bytes);
        // Lets the answers of the other thread in.
        if (i % 50 === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
        mostKept = Math.max(mostKept, leaves.kept);
      }
      await leaves.finish();
    } finally {
      await leaves.close();
    }
    expect(Buffer.concat(appended).equals(Buffer.concat(expected))).toBe(true);
    // What was told may stay for as many again, beside what the thread has.
    expect(mostKept).toBeLessThan(4 * MAX);
  });
});
