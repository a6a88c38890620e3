import type { DomainEvent } from '@sluice/contracts';
import { expect, it } from 'vitest';

import { behindInWords, membersInWords } from './members.js';

const told = (event: DomainEvent): string | undefined => membersInWords(event, (target) => `h${target}`);

it('XIM-08 and MOM-12 are told in words: drift, silence, members that come and go', () => {
  expect(told({ type: 'DriftSeen', drifts: [{ host: 'h1', recorded: '2.0.0', running: '9.9.9' }] })).toBe(
    'DRIFT, changed past Sluice: h1 runs 9.9.9, recorded is 2.0.0',
  );
  expect(told({ type: 'TargetsSilent', targets: [1], deadline: 1 })).toContain('h1');
  expect(told({ type: 'TargetsHeard', targets: [2] })).toBe('heard of again: h2');
  expect(told({ type: 'TargetsLost', targets: [3] })).toBe('given up as lost: h3');
  expect(told({ type: 'HostsSilent', targets: [3], afterMs: 1 })).toBeUndefined();
  const synced = {
    type: 'MembersSynced',
    gone: [4],
    back: [5],
    batches: [
      [2, 1],
      [1, 1],
    ],
  } as const;
  expect(told(synced)).toBe('the group was looked at again: gone: h4; back: h5; 3 new members in 2 batches more');
  expect(told({ type: 'MembersSynced', gone: [], back: [], batches: [], problem: 'no planner' })).toContain(
    'no planner',
  );
  expect(behindInWords({ count: 1, members: [{ host: 'n1', running: null }] })).toBe(
    '; 1 member joined and not at the version: n1 (runs nothing)',
  );
});
