import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { redact } from './index.js';

describe('redact', () => {
  it.each([
    ['get https://a:b@store.example/x.tgz?sig=1 failed', 'get https://store.example/x.tgz?... failed'],
    ['token=abc and password: "x y", then', 'token=*** and password: ***, then'],
    ['Authorization: Bearer abc.def', 'Authorization: Bearer ***'],
    ['two\nlines\u0007', 'two lines'],
    ['lost 3 >= limit 3', 'lost 3 >= limit 3'],
  ])('%j', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it('is one bounded, well-formed line of anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        const line = redact(text, 100);
        expect(line.length <= 100 && line.isWellFormed() && !/[\p{Cc}\u2028\u2029]/u.test(line)).toBe(true);
      }),
    );
  });

  it('takes time linear in its bound', () => {
    expect(redact(`https://${'a'.repeat(1_000_000)}`).length).toBe(400);
  });
});
