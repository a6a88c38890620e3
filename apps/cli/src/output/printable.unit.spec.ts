import { describe, expect, it } from 'vitest';

import { Screen } from './screen.js';
import { printable } from './printable.js';

describe('text from outside', () => {
  it('begins no line, steers no terminal and turns nothing around', () => {
    expect(printable('ana\r\n7  root\u001b[2J\u009b1A\u007f')).toBe('ana\ufffd\ufffd7  root\ufffd[2J\ufffd1A\ufffd');
    expect(printable('a\u202eb\u2066c\u2028d')).toBe('a\ufffdb\ufffdc\ufffdd');
    expect(printable('\tGrüße 👩‍🚒 ▁▃█')).toBe('\tGrüße 👩‍🚒 ▁▃█');
  });

  it('stays in its line of a screen', () => {
    const written: string[] = [];
    const screen = new Screen({ columns: () => 80, write: (text) => written.push(text) });
    screen.foot(['bar\u001b[2J']);
    screen.line('one\ntwo');
    expect(written).toEqual(['bar\ufffd[2J\n', '\u001b[1A\u001b[2Kone\ufffdtwo\nbar\ufffd[2J\n']);
  });
});
