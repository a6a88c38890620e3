import { type Explanation, type GroupEvent, weigh } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

import type { GroupState } from '../state.js';

type Of<T extends GroupEvent['type']> = Extract<GroupEvent, { readonly type: T }>;

/** Why a group decided so, on its state before the event. Undefined for a checkpoint: it only repeats. */
export function explainGroup(event: GroupEvent, before: GroupState): Explanation | undefined {
  switch (event.type) {
    case 'LeaseGranted':
      return granted(event, before);
    case 'LeaseQueued':
      return {
        kind: 'lease',
        outcome: 'queued',
        rule: 'supersede: one rollout of a group at a time; the newest waits, and the active one ends first',
        inputs: { rollout: event.rolloutId, behind: event.behind, version: event.version },
        arithmetic: `${event.behind} has lease ${before.token}: ${event.rolloutId} waits for it`,
      };
    case 'LeaseDropped':
      return dropped(event);
    case 'LeaseReleased':
      return {
        kind: 'lease',
        outcome: `released: ${event.outcome}`,
        rule: 'lease: what has ended lets go of its group',
        inputs: { rollout: event.rolloutId, outcome: event.outcome, token: before.token },
        arithmetic: `lease ${before.token} is free${before.waiting === undefined ? '' : ` for ${before.waiting.rolloutId}`}`,
      };
    case 'VersionSucceeded':
      return {
        kind: 'lease',
        outcome: `${event.version} succeeded here`,
        rule: 'rollback: the last success is what a rollback restores; scale-outs do not count',
        inputs: {
          rollout: event.rolloutId,
          version: event.version,
          digest: event.sha256,
          before: before.history.length,
        },
        arithmetic: `success number ${before.history.length + 1} that is remembered`,
      };
    case 'VersionBlocked':
    case 'VersionUnblocked':
      return blocking(event, before);
    case 'HostExcluded':
    case 'HostIncluded':
      return moved(event, before);
    case 'GroupCheckpointed':
      return undefined;
    default:
      return unreachable(event, 'group event');
  }
}

function moved(event: Of<'HostExcluded' | 'HostIncluded'>, before: GroupState): Explanation {
  const count = Object.keys(before.excluded).length;
  return {
    kind: 'member',
    outcome: event.type === 'HostExcluded' ? `${event.host} excluded` : `${event.host} included`,
    rule: 'exclude: a host that is out of its group gets no commands, whatever rollout it is',
    inputs: { host: event.host, excluded: count },
    arithmetic: `${count} hosts were excluded before`,
    reason: event.reason,
  };
}

function granted({ rolloutId, token }: Of<'LeaseGranted'>, before: GroupState): Explanation {
  const { holds, words, threshold } = weigh({
    terms: [{ name: 'token', value: token }],
    op: '>',
    limit: { name: 'the token before', value: before.token },
  });
  const doubts = [
    ...(holds ? [] : ['the token does not grow']),
    ...(before.active === undefined ? [] : [`${before.active} had the lease`]),
  ];
  return {
    kind: 'lease',
    outcome: 'granted',
    rule: 'lease: one rollout of a group at a time, with a token that strictly grows',
    inputs: { rollout: rolloutId, token, active: before.active ?? 'nobody' },
    threshold,
    arithmetic: `${words}; ${before.active ?? 'nobody'} had the lease`,
    ...(doubts.length === 0 ? {} : { doubt: doubts.join('; ') }),
  };
}

const dropped = ({ rolloutId, reason }: Of<'LeaseDropped'>): Explanation => ({
  kind: 'refusal',
  outcome: 'not started',
  rule: reason.startsWith('superseded')
    ? 'supersede: only the newest rollout waits for a group'
    : reason.startsWith('ended')
      ? 'lease: what has ended does not wait any more'
      : 'blocked: a version that was rolled back, or that a person blocked, does not start',
  inputs: { rollout: rolloutId },
  arithmetic: reason,
});

function blocking(event: Of<'VersionBlocked' | 'VersionUnblocked'>, before: GroupState): Explanation {
  const count = Object.keys(before.blocked).length;
  const isBlock = event.type === 'VersionBlocked';
  const of = isBlock ? event.rolloutId : before.blocked[event.version]?.rolloutId;
  return {
    kind: 'rollback',
    outcome: `${event.version} ${isBlock ? 'blocked' : 'unblocked'}`,
    rule: 'blocked: what is rolled back does not start again in its group until its rollback is cancelled or a person says so',
    inputs: { version: event.version, blocked: count, ...(of === undefined ? {} : { rollout: of }) },
    arithmetic: `${count} versions were blocked before`,
    reason: event.reason,
  };
}
