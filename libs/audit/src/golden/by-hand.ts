import {
  dependencyStreamId,
  type DomainEvent,
  EMPTY_HEAD,
  HOLD_STREAM,
  labelStreamId,
  rosterStreamId,
  shardOfGroup,
  shardOfId,
  type StreamName,
  variableStreamId,
} from '@sluice/contracts';
import { InMemoryEventLog } from '@sluice/event-log';

import type { AuditedCommit } from '../source.js';

type Writing = readonly [stream: StreamName, ...commits: readonly (readonly DomainEvent[])[]];

const ROLLOUT = 'r13-0123456789ABCDEFGHJKMNPQRS';
const START = 1_767_225_600_000;
const MINUTE = 60_000;
const FLEET = 'backend';
const names = Array.from({ length: 8 }, (_, i) => `web-${i}`);

const spec = {
  ...({ name: 'docker', type: 'string', from: '1.6', to: '1.9', salt: '', limits: {} } as const),
  schedule: { kind: 'linear', durationMs: 8 * MINUTE },
} as const;

const fleetStream = (id: string): StreamName => ({ shard: shardOfGroup(FLEET), writer: 'variable', id });

/** What no simulated world has: it has no breakers, labels or holds, and its fleets are too small to be said anew. */
const WRITINGS: readonly Writing[] = [
  [
    { shard: shardOfGroup('main'), writer: 'dependency', id: dependencyStreamId('main') },
    [{ type: 'DependencyOpened', dependency: 'main', words: '5 of 5 calls failed, the last with a time-out' }],
    [{ type: 'DependencyHalfOpened', dependency: 'main' }],
    [{ type: 'DependencyClosed', dependency: 'main' }],
    [{ type: 'DependencyForced', dependency: 'main', mode: 'open', until: START + 60 * MINUTE, reason: 'it lies' }],
    [{ type: 'DependencyReleased', dependency: 'main', by: 'command', reason: 'repaired' }],
  ],
  [
    { shard: shardOfId(ROLLOUT) ?? '13', writer: 'label', id: labelStreamId(ROLLOUT) },
    [{ type: 'RolloutLabelled', rollout: ROLLOUT, label: 'bad', reason: 'logins failed for an hour' }],
  ],
  [
    HOLD_STREAM,
    [{ type: 'HoldPlaced', hold: 'case-7', scope: { kind: 'all' }, reason: 'until it is known what is needed' }],
    [{ type: 'HoldPlaced', hold: 'case-8', scope: { kind: 'app', name: 'shop' }, reason: 'case 8' }],
    [{ type: 'HoldLifted', hold: 'case-7', reason: 'closed' }],
  ],
  [
    fleetStream(rosterStreamId(FLEET)),
    [{ type: 'HostsJoined', role: 'web', from: 0, names }],
    [{ type: 'HostsLeft', hosts: [2], reason: 'retired' }],
    [
      {
        ...({ type: 'RosterCheckpointed', part: 1, parts: 1, roles: ['web'], from: 0, names } as const),
        places: names.map((_, i) => (i === 2 ? -1 : 0)),
      },
    ],
  ],
  [
    fleetStream(variableStreamId(FLEET, 'docker')),
    [{ type: 'VariableDefined', version: 1, spec, reason: 'kernel fix' }],
  ],
];

/** A small log with them. Names and times are always the same. */
export async function writtenByHand(): Promise<readonly AuditedCommit[]> {
  const log = new InMemoryEventLog();
  const meta = { by: { id: 'olga', kind: 'user' }, corr: 'by-hand' } as const;
  let count = 0;
  for (const [stream, ...commits] of WRITINGS) {
    let head = EMPTY_HEAD;
    for (const events of commits) {
      count += 1;
      const id = `01KE${String(count).padStart(22, '0')}`;
      const items = events.map((event) => ({ event, meta: { ...meta, cause: `command:hand-${count}` } }));
      head = await log.append(stream, head, { id, at: START + count * MINUTE, events: items });
    }
  }
  const written: AuditedCommit[] = [];
  for (const [stream] of WRITINGS) for await (const raw of log.raw(stream)) written.push(raw);
  return written.toSorted((a, b) => a.position - b.position);
}
