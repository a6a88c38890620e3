import { createHash } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CompactRange } from './compact-range.js';
import { EMPTY_ROOT, hashLeaf } from './merkle.js';
import { consistencyRanges, inclusionRanges, proveConsistency, proveInclusion } from './proving.js';
import { verifyConsistency, verifyInclusion } from './verifying.js';

/**
 * The reference vectors of Certificate Transparency (RFC 6962; google/certificate-transparency, merkletree tests, and
 * transparency-dev/merkle, testonly/constants.go): eight leaves, the root of each prefix, and proofs between them.
 */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const N1 = '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7';
const N23 = '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e';
const N4 = 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b';
const N45 = '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a';
const N67 = 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0';
const N4567 = '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4';

const leafHashes = LEAVES.map((leaf) => hashLeaf(Buffer.from(leaf, 'hex')));
const hex = (hashes: readonly Buffer[]): string[] => hashes.map((hash) => hash.toString('hex'));
const root = (size: number): Buffer => Buffer.from(ROOTS[size] ?? '', 'hex');

describe('the vectors of RFC 6962', () => {
  it('gives the root of every prefix', () => {
    const range = new CompactRange();
    const roots = [range.root(), ...leafHashes.map((leaf) => (range.append(leaf), range.root()))];
    expect(hex(roots)).toEqual(ROOTS);
    expect(EMPTY_ROOT).toEqual(root(0));
  });

  it.each([
    [0, 1, []],
    [0, 8, [N1, N23, N4567]],
    [5, 8, [N4, N67, ROOTS[4]]],
    [2, 3, [ROOTS[2]]],
    [1, 5, [ROOTS[1], N23, N4]],
  ])('proves leaf %i in a tree of %i', (index, size, proof) => {
    expect(hex(proveInclusion(leafHashes, index, size))).toEqual(proof);
  });

  it.each([
    [1, 1, []],
    [1, 8, [N1, N23, N4567]],
    [6, 8, [N45, N67, ROOTS[4]]],
    [2, 5, [N23, N4]],
  ])('proves that %i leaves begin a tree of %i', (before, size, proof) => {
    expect(hex(proveConsistency(leafHashes, before, size))).toEqual(proof);
  });
});

/** The definitions of RFC 6962, 2.1 to 2.1.2, word for word: slow, and written without anything of ours. */
const sha = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const split = (n: number): number => 2 ** Math.floor(Math.log2(n - 1));

function mth(d: readonly Buffer[]): Buffer {
  const [first = Buffer.alloc(0)] = d;
  if (d.length === 0) return sha();
  if (d.length === 1) return sha(Buffer.of(0), first);
  return sha(Buffer.of(1), mth(d.slice(0, split(d.length))), mth(d.slice(split(d.length))));
}

function path(m: number, d: readonly Buffer[]): Buffer[] {
  if (d.length === 1) return [];
  const k = split(d.length);
  return m < k ? [...path(m, d.slice(0, k)), mth(d.slice(k))] : [...path(m - k, d.slice(k)), mth(d.slice(0, k))];
}

function subproof(m: number, d: readonly Buffer[], isWhole: boolean): Buffer[] {
  if (m === d.length) return isWhole ? [] : [mth(d)];
  const k = split(d.length);
  return m <= k
    ? [...subproof(m, d.slice(0, k), isWhole), mth(d.slice(k))]
    : [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))];
}

const logs = fc
  .array(fc.uint8Array({ maxLength: 9 }), { minLength: 1, maxLength: 70 })
  .map((entries) => entries.map((e) => Buffer.from(e)));
const share = fc.integer({ min: 0, max: 1_000_000 });

describe('a tree of any size', () => {
  it('agrees with the definitions of the RFC: root, inclusion, consistency', () => {
    fc.assert(
      fc.property(logs, share, (entries, at) => {
        const leaves = entries.map(hashLeaf);
        const range = new CompactRange();
        for (const leaf of leaves) range.append(leaf);
        const size = entries.length;
        const index = at % size;
        expect(range.root()).toEqual(mth(entries));
        expect(proveInclusion(leaves, index, size)).toEqual(path(index, entries));
        expect(proveConsistency(leaves, index + 1, size)).toEqual(subproof(index + 1, entries, true));
      }),
      { numRuns: 150 },
    );
  });

  it('accepts its proofs, and none with a hash, a leaf, a root, an index or a size changed', () => {
    fc.assert(
      fc.property(logs, share, share, (entries, at, bit) => {
        const leaves = entries.map(hashLeaf);
        const size = entries.length;
        const index = at % size;
        const tree = { size, root: mth(entries) };
        const leafHash = leaves[index] ?? EMPTY_ROOT;
        const proof = proveInclusion(leaves, index, size);
        verifyInclusion({ index, leafHash, proof }, tree);
        const flipped = (hash: Buffer): Buffer =>
          Buffer.from(hash.map((b, i) => (i === bit % 32 ? b ^ (1 << (bit % 8)) : b)));
        const refused = (change: () => void): void =>
          expect(change).toThrow(expect.objectContaining({ code: expect.stringMatching(/^(UNVERIFIED|BAD_PROOF)$/) }));
        refused(() => verifyInclusion({ index, leafHash: flipped(leafHash), proof }, tree));
        refused(() => verifyInclusion({ index, leafHash, proof }, { ...tree, root: flipped(tree.root) }));
        refused(() => verifyInclusion({ index, leafHash, proof: [...proof, leafHash] }, tree));
        refused(() => verifyInclusion({ index: index + size, leafHash, proof }, tree));
        for (const i of proof.keys())
          refused(() =>
            verifyInclusion({ index, leafHash, proof: proof.map((hash, k) => (k === i ? flipped(hash) : hash)) }, tree),
          );
      }),
      { numRuns: 60 },
    );
  });

  it('tells a log that goes on from one whose past was changed', () => {
    fc.assert(
      fc.property(logs, share, share, (entries, at, where) => {
        const leaves = entries.map(hashLeaf);
        const before = at % (entries.length + 1);
        const proof = proveConsistency(leaves, before, entries.length);
        const [old, now] = [mth(entries.slice(0, before)), mth(entries)];
        verifyConsistency({ size: before, root: old }, { size: entries.length, root: now }, proof);
        if (before === 0) return;
        const forged = entries.map((entry, i) => (i === where % before ? Buffer.concat([entry, Buffer.of(1)]) : entry));
        const changed = { size: entries.length, root: mth(forged) };
        const other = proveConsistency(forged.map(hashLeaf), before, entries.length);
        for (const attempt of [proof, other])
          expect(() => verifyConsistency({ size: before, root: old }, changed, attempt)).toThrow(
            /history was changed|must have/,
          );
      }),
      { numRuns: 100 },
    );
  });

  it('goes on from a stored edge, and refuses one that is damaged', () => {
    const range = new CompactRange();
    for (const leaf of leafHashes.slice(0, 5)) range.append(leaf);
    const again = CompactRange.restore(JSON.parse(JSON.stringify(range.stored())));
    for (const leaf of leafHashes.slice(5)) again.append(leaf);
    expect(again.root()).toEqual(root(8));
    expect(() => CompactRange.restore({ size: 4, peaks: range.stored().peaks })).toThrow(/edge of the tree/);
  });

  it('says what cannot be proved', () => {
    expect(() => inclusionRanges(8, 8)).toThrow(expect.objectContaining({ code: 'BAD_PROOF' }));
    expect(() => inclusionRanges(-1, 8)).toThrow(expect.objectContaining({ code: 'BAD_PROOF' }));
    expect(() => consistencyRanges(9, 8)).toThrow(expect.objectContaining({ code: 'BAD_PROOF' }));
    expect(() => proveInclusion(leafHashes, 2, 9)).toThrow(/ends at entry 8/);
    expect(inclusionRanges(2 ** 52, 2 ** 53 - 1)).toHaveLength(53);
  });
});
