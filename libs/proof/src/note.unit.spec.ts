import { describe, expect, it } from 'vitest';

import { openCheckpoint, readCheckpoint, signCheckpoint } from './checkpoint.js';
import { generateKeys, parseSignerKey, parseVerifierKey } from './keys.js';
import { openNote, parseNote, signNote } from './note.js';

/**
 * Golden values that other implementations made. The signer key, its note and its verifier key are those of the examples
 * of Go's golang.org/x/mod/sumdb/note; `example.com/foo` is of the Elixir package signed_note; the poem is the example of
 * c2sp.org/signed-note (its key is not published, so it is parsed only). The tree heads were signed by sum.golang.org,
 * Go's public checksum database, with the key that the go command pins; they stand in the documentation and tests of
 * public projects.
 */
const GO_SIGNER = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const GO_VERIFIER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const GO_NOTE = `${GO_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

const SUMDB = parseVerifierKey('sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8');
const SUMDB_ORIGIN = 'go.sum database tree';
const head = (size: number, root: string, signature: string): string =>
  `${SUMDB_ORIGIN}\n${size}\n${root}\n\n— sum.golang.org ${signature}\n`;
const SUMDB_HEADS: readonly (readonly [number, string])[] = [
  [
    6_476_701,
    head(
      6_476_701,
      'mb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=',
      'Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=',
    ),
  ],
  [
    3_935_567,
    head(
      3_935_567,
      'SapHtgdNCeF00Cx8kqztePV24kgzNg++Xovae42HAMw=',
      'Az3grsm7Wm4CVNR1RHq9BFnu9jzcRlU2uw7lr0gfUWgO6+rqPNjT+fUTl9gH0NRTgdwW9nItuQSMbhSaLCsk8YeYSAs=',
    ),
  ],
  // Cosigned by somebody whom we do not know.
  [
    15_067_302,
    `${head(15_067_302, 'gJyioq6dwR9n+NjEWORfYmH+ubeYm3kH42BBQ0bTpYI=', 'Az3grp1rvWOs5NKlr/xR4GLN/CDyzzakmt1o61uSxYKpK1SerqOP2ClbX/peKUZjYnyomH5Xz7GZG3TpB7OeKn4E2ww=')}— test.example.com qTGhC/xIPQ0AXKHK6Y+9ypRfuvMZWPjRXM8NiOg5M1WREn07VQXyuIXM3NRNav3ieVFLUqDRK77PWDmL6w8w84UqeAw=\n`,
  ],
];

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('notes of other implementations', () => {
  it('opens what Go signed, and signs to the same bytes', () => {
    const verifier = parseVerifierKey(GO_VERIFIER);
    expect(openNote(GO_NOTE, [verifier])).toEqual({ text: GO_TEXT, signedBy: [verifier] });
    const signer = parseSignerKey(GO_SIGNER);
    expect(signNote(GO_TEXT, [signer])).toBe(GO_NOTE);
    expect(signer.verifier.text).toBe(GO_VERIFIER);
  });

  it('opens what an Elixir implementation signed', () => {
    const key = parseVerifierKey('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k');
    const note =
      'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';
    expect(openNote(note, [key]).text).toBe('This is an example message.\n');
  });

  it('takes an empty line inside a text for text', () => {
    const note =
      'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n';
    const { text, signatures } = parseNote(Buffer.from(note));
    expect(text.endsWith('sole:\n\ned è subito sera.\n')).toBe(true);
    expect(signatures).toEqual([expect.objectContaining({ name: 'quasimodo.example/salvatore', id: '367ba04b' })]);
  });

  it.each(SUMDB_HEADS)('opens the tree head of Go at %i', (size, note) => {
    expect(openCheckpoint(note, [SUMDB], SUMDB_ORIGIN)).toMatchObject({ size, origin: SUMDB_ORIGIN });
    expect(() => openCheckpoint(note.replace(String(size), String(size + 1)), [SUMDB], SUMDB_ORIGIN)).toThrow(
      code('UNVERIFIED'),
    );
    expect(() => openCheckpoint(note, [SUMDB])).toThrow(/a checkpoint of go.sum database tree/);
  });
});

describe('a note', () => {
  const { signer, verifier } = generateKeys('example.com/log');
  const [key, known] = [parseSignerKey(signer), parseVerifierKey(verifier)];
  const other = generateKeys('example.com/other');
  const note = signNote('one\n\ntwo\n', [parseSignerKey(other.signer), key]);

  it('is opened by any key that signed it', () => {
    expect(openNote(note, [known]).text).toBe('one\n\ntwo\n');
    expect(openNote(Buffer.from(note), [known, parseVerifierKey(other.verifier)]).signedBy).toHaveLength(2);
    expect(openNote(note.replaceAll('example.com/other', 'example.com/unknown'), [known]).signedBy).toEqual([known]);
  });

  it('is refused when it was changed, is signed by nobody known, or a known signature is wrong', () => {
    expect(() => openNote(note.replace('two', 'tvo'), [known])).toThrow(code('UNVERIFIED'));
    expect(() => openNote(note, [parseVerifierKey(GO_VERIFIER)])).toThrow(/signed by example.com\/other\+/);
    expect(() => openNote(note, [])).toThrow(code('UNVERIFIED'));
    const twice = `${note}— example.com/log ${Buffer.concat([Buffer.from(known.id, 'hex'), Buffer.alloc(64)]).toString('base64')}\n`;
    expect(() => openNote(twice, [known])).toThrow(code('UNVERIFIED'));
  });

  it.each([
    ['nothing', ''],
    ['no signature', 'text\n'],
    ['no text', '\n— a AAAAAAA=\n'],
    ['no last newline', 'text\n\n— a AAAAAAA='],
    ['a hyphen for the dash', 'text\n\n- a AAAAAAA=\n'],
    ['a signature without bytes', 'text\n\n— a AAAAAA==\n'],
    ['base64 with a space', 'text\n\n— a AAAA AAA=\n'],
    ['base64 of another kind', 'text\n\n— a AAAAAAB=\n'],
    ['a name with a plus', 'text\n\n— a+b AAAAAAA=\n'],
    ['a control character', 'te\rxt\n\n— a AAAAAAA=\n'],
    ['too many signatures', `text\n\n${'— a AAAAAAA=\n'.repeat(101)}`],
    ['too many bytes', `${'x'.repeat(1024 * 1024)}\n\n— a AAAAAAA=\n`],
    ['half a character', '\ud800\n\n— a AAAAAAA=\n'],
  ])('cannot have %s', (_, text) => {
    expect(() => parseNote(text)).toThrow(code('BAD_NOTE'));
  });

  it('is UTF-8', () => {
    expect(() => parseNote(Buffer.from([0xff, 0x0a]))).toThrow(code('BAD_NOTE'));
    expect(() => signNote('no newline', [key])).toThrow(code('BAD_NOTE'));
  });
});

describe('a key', () => {
  it.each([
    ['nothing', ''],
    ['no parts', 'abc'],
    ['another id', GO_VERIFIER.replace('c74f20a3', 'c74f20a4')],
    ['another name', GO_VERIFIER.replace('Peter', 'Petra')],
    ['another type', 'a+00000000+AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['too few bytes', 'a+00000000+AQAA'],
    ['a secret in it', GO_SIGNER],
  ])('is refused with %s', (_, text) => {
    expect(() => parseVerifierKey(text)).toThrow(code('BAD_KEY'));
  });

  it('never stands in an error', () => {
    const wrong = GO_SIGNER.replace('c74f20a3', 'c74f20a4');
    expect(() => parseSignerKey(wrong)).toThrow(code('BAD_KEY'));
    const thrown = (() => {
      try {
        return parseSignerKey(wrong).name;
      } catch (error) {
        return JSON.stringify(error) + String(error);
      }
    })();
    expect(thrown).not.toContain('AYEKFALVFGyNhPJEMzD1QIDr');
    expect(() => generateKeys('a b')).toThrow(code('BAD_KEY'));
  });
});

describe('a checkpoint', () => {
  const { signer, verifier } = generateKeys('example.com/log');
  const [key, known] = [parseSignerKey(signer), parseVerifierKey(verifier)];
  const root = Buffer.alloc(32, 7);

  it('says origin, size, root and whatever else was signed', () => {
    const checkpoint = { origin: 'example.com/log', size: 42, root, extensions: ['at 2026-01-02T03:04:05Z'] };
    const note = signCheckpoint(checkpoint, [key]);
    expect(note.split('\n').slice(0, 5)).toEqual([
      'example.com/log',
      '42',
      root.toString('base64'),
      'at 2026-01-02T03:04:05Z',
      '',
    ]);
    expect(openCheckpoint(note, [known])).toEqual(checkpoint);
    expect(readCheckpoint(note)).toEqual(checkpoint);
    expect(() => openCheckpoint(note, [known], 'example.com/else')).toThrow(code('UNVERIFIED'));
  });

  it.each([
    ['two lines', 'a\n1\n'],
    ['a leading zero', `a\n01\n${root.toString('base64')}\n`],
    ['a negative size', `a\n-1\n${root.toString('base64')}\n`],
    ['a size beyond counting', `a\n9999999999999999\n${root.toString('base64')}\n`],
    ['a short root', 'a\n1\nAAAA\n'],
    ['an empty extension', `a\n1\n${root.toString('base64')}\n\nx\n`],
  ])('is refused with %s', (_, text) => {
    expect(() => openCheckpoint(signNote(text, [key]), [known], 'a')).toThrow(code('BAD_CHECKPOINT'));
  });

  it('is not written wrong', () => {
    expect(() => signCheckpoint({ origin: '', size: 1, root, extensions: [] }, [key])).toThrow(code('BAD_CHECKPOINT'));
    expect(() => signCheckpoint({ origin: 'a', size: 1, root, extensions: ['\n'] }, [key])).toThrow(
      code('BAD_CHECKPOINT'),
    );
  });
});
