import { beforeAll, describe, expect, it } from 'vitest';

import { signCheckpoint } from './checkpoint.js';
import { CompactRange } from './compact-range.js';
import { generateKeys, parseSignerKey, parseVerifierKey } from './keys.js';
import { hashLeaf } from './merkle.js';
import { proveInclusion } from './proving.js';
import { formatTlogProof, parseTlogProof, verifyTlogProof } from './tlog-proof.js';

const keys = generateKeys('example.com/log');
const known = [parseVerifierKey(keys.verifier)];
const entries = Array.from({ length: 11 }, (_, i) => Buffer.from(`entry ${i}`));
const code = (expected: string) => expect.objectContaining({ code: expected });

/** The example of c2sp.org/tlog-proof as far as it is printed there: its signatures are left out with dots. */
const EXAMPLE = `c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

— example.com/fancylog hI2DJw==
`;

describe('a .tlog-proof', () => {
  let checkpoint = '';
  let proof = '';

  beforeAll(() => {
    const range = new CompactRange();
    const hashes = entries.map(hashLeaf);
    for (const hash of hashes) range.append(hash);
    const head = { origin: 'example.com/log', size: range.size, root: range.root(), extensions: [] };
    checkpoint = signCheckpoint(head, [parseSignerKey(keys.signer)]);
    const inclusion = proveInclusion(hashes, 4, range.size);
    proof = formatTlogProof({ extra: entries[4] ?? Buffer.of(), index: 4, hashes: inclusion, checkpoint });
  });

  it('is checked with nothing but the public key', () => {
    expect(verifyTlogProof(proof, known)).toMatchObject({ index: 4, entry: entries[4], checkpoint: { size: 11 } });
    expect(verifyTlogProof(Buffer.from(proof), known, entries[4]).index).toBe(4);
    const without = proof.replace(/^extra .*\n/m, '');
    expect(verifyTlogProof(without, known, entries[4]).index).toBe(4);
    expect(() => verifyTlogProof(without, known)).toThrow(/give the entry/);
  });

  it('proves no other entry, index or checkpoint', () => {
    const changed = entries[4]?.toString('base64') ?? '';
    const forged = Buffer.from('entry 5').toString('base64');
    expect(() => verifyTlogProof(proof.replace(changed, forged), known)).toThrow(code('UNVERIFIED'));
    expect(() => verifyTlogProof(proof, known, entries[5])).toThrow(code('UNVERIFIED'));
    expect(() => verifyTlogProof(proof.replace('index 4', 'index 5'), known)).toThrow(code('UNVERIFIED'));
    expect(() => verifyTlogProof(proof.replace('\n11\n', '\n12\n'), known)).toThrow(code('UNVERIFIED'));
    const stranger = parseVerifierKey(generateKeys('example.com/log').verifier);
    expect(() => verifyTlogProof(proof, [stranger])).toThrow(/none of the given keys/);
  });

  it('is read as the specification prints it, and written the same way', () => {
    const parsed = parseTlogProof(EXAMPLE);
    expect(parsed).toMatchObject({
      index: 73_894,
      checkpoint: expect.stringMatching(/^example.com\/fancylog\n109482/),
    });
    expect(parsed.hashes).toHaveLength(5);
    expect(formatTlogProof(parsed)).toBe(EXAMPLE);
  });

  it('of a log with one entry has no hash', () => {
    const range = new CompactRange();
    range.append(hashLeaf(Buffer.from('only')));
    const head = { origin: 'example.com/log', size: 1, root: range.root(), extensions: [] };
    const note = signCheckpoint(head, [parseSignerKey(keys.signer)]);
    const text = formatTlogProof({ extra: Buffer.from('only'), index: 0, hashes: [], checkpoint: note });
    expect(verifyTlogProof(text, known).entry.toString()).toBe('only');
  });

  it.each([
    ['nothing', ''],
    ['another first line', EXAMPLE.replace('@v1', '@v2')],
    ['no index', EXAMPLE.replace(/^index.*\n/m, '')],
    ['an index with a zero in front', EXAMPLE.replace('index 7', 'index 07')],
    ['a short hash', EXAMPLE.replace('gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=', 'gSKy')],
    ['a hash that is no base64', EXAMPLE.replace('gSKy', '!!!!')],
    ['no checkpoint', EXAMPLE.slice(0, EXAMPLE.indexOf('\n\n'))],
    ['more hashes than a tree has levels', EXAMPLE.replace(/^gSKy.*\n/m, (line) => line.repeat(60))],
    ['more than two megabytes', EXAMPLE + 'x'.repeat(2 * 1024 * 1024)],
  ])('is refused with %s', (_, text) => {
    expect(() => parseTlogProof(text)).toThrow(code('BAD_PROOF'));
  });
});
