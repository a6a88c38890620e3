import { describe, expect, it } from 'vitest';

import { outputText } from './outputs.js';

const output = { rollout: 'r1', host: 'web-01', step: 'install', n: 2, truncated: false } as const;

describe('the output of a step as text', () => {
  it('has its lines, says when there was more, and cannot steer a terminal', () => {
    expect(outputText({ ...output, text: 'one\r\n\ttwo\n' })).toEqual(['one', '\ttwo']);
    expect(outputText({ ...output, text: 'x', truncated: true })[0]).toContain('64 KiB');
    expect(outputText({ ...output, text: '\u001b[2Jred\u0007' })).toEqual(['\ufffd[2Jred\ufffd']);
    expect(outputText({ ...output, text: '' })).toEqual([]);
  });
});
