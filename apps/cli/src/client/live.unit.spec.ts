import { describe, expect, it } from 'vitest';

import { EventParser } from './live.js';

describe('server-sent events', () => {
  it('come out whole, however the text is cut', () => {
    const text = 'retry: 1000\n\nid: 7\nevent: commit\ndata: {"a":1}\n\n: here\n\nevent: live\ndata: {}\n\n';
    const whole = new EventParser().add(text);
    expect(whole).toEqual([
      { event: 'commit', data: '{"a":1}' },
      { event: 'live', data: '{}' },
    ]);
    const parser = new EventParser();
    expect(text.split('').flatMap((letter) => parser.add(letter))).toEqual(whole);
  });
});
