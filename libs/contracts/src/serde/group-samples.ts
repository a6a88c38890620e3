import type { DomainEvent, GroupEvent } from '../events/index.js';

const rolloutId = 'r13-36S5GNQ1R58CN0TCZZ4BB6S3NP';
const earlier = 'r13-0123456789ABCDEFGHJKMNPQRS';
const sha256 = 'ab'.repeat(32);

/** Samples of what is said of a group. */
export const GROUP_SAMPLES: {
  readonly [T in GroupEvent['type']]: readonly Extract<DomainEvent, { readonly type: T }>[];
} = {
  LeaseGranted: [{ type: 'LeaseGranted', rolloutId, token: 8 }],
  LeaseQueued: [{ type: 'LeaseQueued', rolloutId, behind: earlier, version: '2.0.0', strategy: 'canary' }],
  LeaseDropped: [{ type: 'LeaseDropped', rolloutId, reason: 'a newer one waits' }],
  LeaseReleased: [{ type: 'LeaseReleased', rolloutId, outcome: 'succeeded' }],
  VersionSucceeded: [
    { type: 'VersionSucceeded', version: '2.0.0', rolloutId, strategy: 'canary', sha256 },
    { type: 'VersionSucceeded', version: '1.0.0', rolloutId, strategy: 'rollback', sha256, restores: earlier },
    { type: 'VersionSucceeded', version: '2.0.0', rolloutId, strategy: 'traffic', sha256, side: 'flop' },
  ],
  VersionBlocked: [
    { type: 'VersionBlocked', version: '3.0.0', reason: 'rolled back' },
    { type: 'VersionBlocked', version: '3.0.0', reason: 'rolled back', rolloutId },
  ],
  VersionUnblocked: [{ type: 'VersionUnblocked', version: '3.0.0', reason: 'rollback cancelled' }],
  HostExcluded: [{ type: 'HostExcluded', host: 'web-08', reason: 'broken disk' }],
  HostIncluded: [{ type: 'HostIncluded', host: 'web-08', reason: 'disk replaced' }],
  GroupCheckpointed: [
    {
      type: 'GroupCheckpointed',
      token: 0,
      history: [],
      blocked: [],
      excluded: [],
      dropped: [],
      blockedFor: [],
    },
    {
      type: 'GroupCheckpointed',
      token: 7,
      active: rolloutId,
      waiting: { rolloutId: earlier, version: '2.0.0', strategy: 'canary' },
      history: [
        { version: '1.0.0', rolloutId: earlier, strategy: 'canary', sha256 },
        { version: '1.0.0', rolloutId, strategy: 'rollback', sha256, restores: earlier },
      ],
      blocked: [
        { version: '3.0.0', reason: 'rolled back', rolloutId },
        { version: '4.0.0', reason: 'by hand' },
      ],
      excluded: [{ host: 'web-08', reason: 'broken disk' }],
      dropped: [{ rolloutId: earlier, reason: 'a newer one waits' }],
      blockedFor: [rolloutId],
    },
  ],
};
