import { describe, expect, it } from 'vitest';

import { authorizationOf, wordsWithout } from './words.js';

describe('words of a source', () => {
  it.each([
    ['sesame-"0815"/+', ['sesame-"0815"/+']],
    ['Basic bWU6c2VzYW1l', ['bWU6c2VzYW1l', 'me:sesame', 'sesame']],
  ])('hold no form of the secret %s', (secret, plain) => {
    const words = wordsWithout(secret);
    const forms = plain.flatMap((text) => [
      text,
      JSON.stringify(text),
      encodeURIComponent(text),
      Buffer.from(text).toString('base64'),
      authorizationOf(text),
    ]);
    for (const form of forms) {
      const said = words(`you sent ${form}!`);
      for (const text of forms) expect(said).not.toContain(text);
      expect(said).toMatch(/^you sent .*\*\*\*"?!$/);
    }
  });

  it('hold no other credential either, nor what breaks a line, and end', () => {
    const words = wordsWithout(undefined);
    expect(words('authorization: Bearer abcdef.ghi-jkl')).toBe('authorization: Bearer ***');
    expect(words('see https://me:secret@host/x')).toBe('see https://host/x');
    expect(words('one\r\n\u0000two\u2028three')).toBe('one two three');
    expect(words('x'.repeat(10_000))).toHaveLength(400);
  });

  it('are cut only after the secret is out', () => {
    const words = wordsWithout('0123456789abcdef');
    for (let at = 0; at < 60; at += 1) expect(words(`${'x'.repeat(at)}0123456789abcdef`, 20)).not.toMatch(/0123/);
  });
});
