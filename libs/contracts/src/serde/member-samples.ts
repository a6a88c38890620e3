import type { DomainEvent } from '../events/index.js';

type MemberEventType =
  | 'MembersAdded'
  | 'MembersSynced'
  | 'MembersJoined'
  | 'TargetsSilent'
  | 'TargetsHeard'
  | 'TargetsLost'
  | 'HostsSilent'
  | 'HostsHeard'
  | 'MembersSeen'
  | 'DriftSeen';

/** Samples of what is said of a group's members in mid-rollout. */
export const MEMBER_SAMPLES: {
  readonly [T in MemberEventType]: readonly Extract<DomainEvent, { readonly type: T }>[];
} = {
  MembersAdded: [
    {
      type: 'MembersAdded',
      from: 100,
      targets: [
        { host: 'web-90', from: '1.0.0' },
        { host: 'web-91', profile: 0 },
      ],
    },
  ],
  MembersSynced: [
    { type: 'MembersSynced', gone: [4, 7], back: [], batches: [[2, 1]] },
    { type: 'MembersSynced', gone: [], back: [9], batches: [] },
    { type: 'MembersSynced', gone: [], back: [], batches: [], problem: 'no planner answers' },
  ],
  MembersJoined: [
    {
      type: 'MembersJoined',
      members: [
        { host: 'web-90', running: '1.0.0' },
        { host: 'web-91', running: null },
      ],
    },
  ],
  TargetsSilent: [{ type: 'TargetsSilent', targets: [2, 3, 9], deadline: 1_767_225_900_000 }],
  TargetsHeard: [{ type: 'TargetsHeard', targets: [3] }],
  TargetsLost: [{ type: 'TargetsLost', targets: [2, 9] }],
  HostsSilent: [{ type: 'HostsSilent', targets: [2, 3, 9], afterMs: 60_000 }],
  HostsHeard: [{ type: 'HostsHeard', targets: [3] }],
  MembersSeen: [
    {
      type: 'MembersSeen',
      members: [
        { host: 'web-90', running: '1.0.0' },
        { host: 'web-91', running: null },
      ],
    },
  ],
  DriftSeen: [
    {
      type: 'DriftSeen',
      drifts: [
        { host: 'web-03', recorded: '2.0.0', running: '0.9.0' },
        { host: 'web-04', recorded: null, running: '9.9.9' },
      ],
    },
  ],
};
