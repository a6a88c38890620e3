import { describe, expect, it } from 'vitest';

import { signCheckpoint } from './checkpoint.js';
import { formatConsistency, parseConsistency } from './consistency-proof.js';
import { generateKeys, parseSignerKey } from './keys.js';
import { EMPTY_ROOT, hashLeaf } from './merkle.js';

const signer = parseSignerKey(generateKeys('sluice.example/log').signer);
const head = { origin: signer.name, size: 5, root: EMPTY_ROOT, extensions: ['time 2026-01-01T00:00:00.000Z'] };
const checkpoint = signCheckpoint(head, [signer]);

describe('a proof of consistency as a file', () => {
  it.each([0, 1, 3])('is read as it was written, with %i hashes', (count) => {
    const hashes = Array.from({ length: count }, (_, i) => hashLeaf(Buffer.from([i])));
    const proof = { before: 4, hashes, checkpoint };
    expect(parseConsistency(formatConsistency(proof))).toEqual(proof);
  });

  it.each([
    ['nothing', ''],
    ['no checkpoint', 'old 4\n'],
    ['no size', `old four\n\n${checkpoint}`],
    ['a hash that is none', `old 4\nAAAA\n\n${checkpoint}`],
    ['too many hashes', `old 4\n${`${hashLeaf(Buffer.of()).toString('base64')}\n`.repeat(64)}\n${checkpoint}`],
  ])('is refused with %s', (_, text) => {
    expect(() => parseConsistency(text)).toThrow(expect.objectContaining({ code: 'BAD_PROOF' }));
  });
});
