import type { LabelEvent, RolloutLabel } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { decideLabel, evolveLabel, initialLabel, type LabelState } from './index.js';

const rollout = 'r07-0123456789ABCDEFGHJKMNPQRS';
const labelled = (label: RolloutLabel, reason = 'logins failed'): LabelEvent => ({
  ...{ type: 'RolloutLabelled', rollout, label, reason },
});
const given = (...events: readonly LabelEvent[]): LabelState => events.reduce(evolveLabel, initialLabel());
const said = (state: LabelState, label: RolloutLabel, reason?: string) =>
  decideLabel(state, {
    ...{ type: 'command', rollout, command: { type: 'label', label } },
    ...(reason === undefined ? {} : { reason }),
  });

describe('a label', () => {
  it('is given, changed and taken back, each time with why', () => {
    expect(said(given(), 'bad', ' logins failed ')).toEqual([labelled('bad')]);
    expect(said(given(labelled('bad')), 'good', 'it was the network')).toEqual([
      labelled('good', 'it was the network'),
    ]);
    expect(said(given(labelled('bad')), 'bad', 'and carts too')).toEqual([labelled('bad', 'and carts too')]);
    expect(said(given(labelled('bad')), 'none', 'wrong rollout')).toEqual([labelled('none', 'wrong rollout')]);
    expect(given(labelled('bad'), labelled('good', 'x'))).toEqual({ label: 'good', reason: 'x' });
  });

  it('that is said once more is quiet', () => {
    expect(said(given(labelled('bad')), 'bad', 'logins failed')).toEqual([]);
  });

  it.each([
    ['REASON_NEEDED', given(), 'bad', undefined],
    ['REASON_NEEDED', given(), 'good', '  '],
    ['NOT_FOUND', given(), 'none', 'why'],
    ['NOT_FOUND', given(labelled('bad'), labelled('none')), 'none', 'why'],
  ] as const)('is refused with %s', (code, state, label, reason) => {
    expect(() => said(state, label, reason)).toThrow(expect.objectContaining({ code }) as Error);
  });
});
