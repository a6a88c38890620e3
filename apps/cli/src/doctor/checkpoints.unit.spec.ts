import { describe, expect, it } from 'vitest';

import { findingOf } from './checkpoints.js';

const HOUR = 3_600_000;
const now = 100 * HOUR;

describe('sluice doctor on checkpoints', () => {
  it.each([
    ['a fresh one', { size: 7, at: now - HOUR, everyMs: HOUR }, 'ok', '7 commits were signed 60 min ago'],
    ['one that is too old', { size: 7, at: now - 3 * HOUR, everyMs: HOUR }, 'warning', 'too old'],
    ['none yet', { everyMs: HOUR }, 'ok', 'none was signed yet'],
    ['none, as it fails', { everyMs: HOUR, late: { turns: 3, code: 'NATS_UNAVAILABLE' } }, 'warning', '3 turns'],
    [
      'a refusal, however fresh the last one is',
      { size: 7, at: now, everyMs: HOUR, refused: { code: 'LOG_CHANGED', words: 'another commit' } },
      'wrong',
      'NOTHING IS SIGNED: LOG_CHANGED',
    ],
  ] as const)('says of %s', (_, status, state, words) => {
    expect(findingOf(status, now)).toMatchObject({
      check: 'checkpoints',
      state,
      words: expect.stringContaining(words),
    });
  });
});
