import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { attemptId } from './agent-protocol.js';
import { fromRanges, toRanges } from './ranges.js';
import {
  ALL_SHARDS,
  groupStreamId,
  isRolloutId,
  refusalIdOf,
  rolloutIdOf,
  rosterStreamId,
  SHARD_COUNT,
  shardName,
  shardOfGroup,
  shardOfId,
  variableOfStreamId,
  variableStreamId,
} from './shards.js';
import { variableOfTarget, variableTarget } from './variables.js';
import { STREAMS, streamKey, streamOfSubject, SUBJECTS, type Writer } from './subjects.js';

const anyName = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const writers: readonly Writer[] = ['plan', 'exec', 'group', 'variable', 'dependency', 'gate', 'notice'];

describe('shards', () => {
  it('names 16 shards of two digits', () => {
    expect(ALL_SHARDS).toHaveLength(SHARD_COUNT);
    expect([ALL_SHARDS[0], ALL_SHARDS[15], shardName(7)]).toEqual(['00', '15', '07']);
  });

  it('keeps the shard of a group for ever', () => {
    // A change of these would lose every rollout of the groups: they are in ids and subjects that are on disk.
    expect(['hello-web', 'search', 'a', 'ä'].map(shardOfGroup)).toEqual(PINNED.shards);
    expect(rolloutIdOf('hello-web', 'seed')).toBe(PINNED.rolloutId);
  });

  it('puts a group, its rollouts and its refusals where their ids say', () => {
    fc.assert(
      fc.property(anyName, anyName, (group, seed) => {
        const rollout = rolloutIdOf(group, seed);
        expect(shardOfId(rollout)).toBe(shardOfGroup(group));
        expect(shardOfId(groupStreamId(group))).toBe(shardOfGroup(group));
        expect(shardOfId(refusalIdOf(seed))).toBe(shardOfGroup(seed));
        expect(isRolloutId(rollout)).toBe(true);
        expect(rolloutIdOf(group, seed)).toBe(rollout);
      }),
    );
  });

  it('parts a fleet and its variable again, whatever the fleet is called', () => {
    fc.assert(
      fc.property(anyName, (fleet) => {
        expect(variableOfTarget(variableTarget(fleet, 'docker.version-2'))).toEqual({
          fleet,
          variable: 'docker.version-2',
        });
      }),
    );
    for (const target of ['docker', '/docker', 'web/', 'web/7', 'web/a b', 'web/__proto__'])
      expect(variableOfTarget(target), target).toBeUndefined();
  });

  it('gives different requests of a group different rollouts', () => {
    fc.assert(
      fc.property(
        anyName,
        anyName,
        anyName,
        (group, a, b) => (a === b) === (rolloutIdOf(group, a) === rolloutIdOf(group, b)),
      ),
    );
  });

  it('spreads groups over all shards', () => {
    const seen = new Map<string, number>();
    for (let i = 0; i < 4_800; i += 1)
      seen.set(shardOfGroup(`group-${i}`), (seen.get(shardOfGroup(`group-${i}`)) ?? 0) + 1);
    expect(seen.size).toBe(SHARD_COUNT);
    for (const times of seen.values()) expect(times).toBeGreaterThan(200);
  });

  it.each(['', 'r16-AAAA', 'r7-AAAA', 'r07', 'r07-', 'r07-a.b', 'r07-a>', 'R07-A', 'r07-A\n', ' r07-A'])(
    'knows no shard of %j',
    (id) => {
      expect(shardOfId(id)).toBeUndefined();
    },
  );

  it.each([
    'r07-0123456789ABCDEFGHJKMNPQR',
    'r16-0123456789ABCDEFGHJKMNPQRS',
    'q07-0123456789ABCDEFGHJKMNPQRS',
    'r07-0123456789ABCDEFGHJKMNPQRI',
    'r07-0123456789ABCDEFGHJKMNPQRS\n',
  ])('%j is no rollout id', (id) => {
    expect(isRolloutId(id)).toBe(false);
  });
});

const PINNED = { shards: ['13', '00', '02', '15'], rolloutId: 'r13-36S5GNQ1R58CN0TCZZ4BB6S3NP' };

describe('ranges', () => {
  const ascending = fc.uniqueArray(fc.nat(500), { maxLength: 200 }).map((list) => list.toSorted((a, b) => a - b));

  it('reads back every ascending list', () => {
    fc.assert(
      fc.property(ascending, (list) => {
        expect(fromRanges(toRanges(list))).toEqual(list);
      }),
    );
  });

  it('writes the fewest ranges, ascending and apart', () => {
    fc.assert(
      fc.property(ascending, (list) => {
        const ranges = toRanges(list);
        expect(ranges.length % 2).toBe(0);
        for (let i = 2; i < ranges.length; i += 2) expect(ranges[i]).toBeGreaterThan((ranges[i - 1] ?? 0) + 1);
      }),
    );
  });

  it('writes 100,000 targets in a row as one range', () => {
    expect(toRanges(Array.from({ length: 100_000 }, (_, i) => i))).toEqual([0, 99_999]);
    expect([toRanges([]), toRanges([7]), toRanges([0, 1, 2, 4, 7, 8])]).toEqual([[], [7, 7], [0, 2, 4, 4, 7, 8]]);
  });
});

describe('subjects', () => {
  const id = fc.oneof(
    anyName.map(groupStreamId),
    anyName.map((seed) => rolloutIdOf('g', seed)),
  );

  it('reads back the stream of every log subject', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ALL_SHARDS), fc.constantFrom(...writers), id, (shard, writer, stream) => {
        expect(streamOfSubject(SUBJECTS.log({ shard, writer, id: stream }))).toEqual({ shard, writer, id: stream });
      }),
    );
  });

  it.each([
    '',
    'sluice.log',
    'sluice.log.00.exec',
    'sluice.log.00.exec.a.b',
    'sluice.log.00.other.a',
    'sluice.hello.web',
    'x.log.00.exec.a',
    'sluice.x.00.exec.a',
  ])('knows no stream of %j', (subject) => {
    expect(streamOfSubject(subject)).toBeUndefined();
  });

  it('keeps a name from outside inside its token', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 40 }).filter((text) => text.isWellFormed()),
        (text) => {
          for (const subject of [SUBJECTS.deployRequest(text), SUBJECTS.hello(text), SUBJECTS.outcome(text)]) {
            expect(subject.split('.').length).toBe(subject.startsWith('sluice.request') ? 4 : 3);
            expect(subject).toMatch(/^[a-zA-Z0-9_=.-]+$/);
          }
          expect(SUBJECTS.agentRun(text).split('.')).toHaveLength(4);
          expect(SUBJECTS.report('07', text).split('.')).toHaveLength(4);
          expect(SUBJECTS.notify(text, 'info').split('.')).toHaveLength(4);
        },
      ),
    );
  });

  it('keeps a fleet and its variables in one shard, and finds both in the name of a stream', () => {
    fc.assert(
      fc.property(anyName, (fleet) => {
        const id = variableStreamId(fleet, 'docker.version-2');
        expect([shardOfId(id), shardOfId(rosterStreamId(fleet))]).toEqual([shardOfGroup(fleet), shardOfGroup(fleet)]);
        expect(variableOfStreamId(id)).toEqual({ fleet, variable: 'docker.version-2' });
      }),
    );
    for (const id of ['h07-default', 'v99-default=2fx', 'v07-x', 'x']) expect(variableOfStreamId(id)).toBeUndefined();
  });

  it('names streams and attempts as the design does', () => {
    expect(STREAMS).toEqual({
      requests: 'SLUICE_REQUESTS',
      log: 'SLUICE_LOG',
      notify: 'SLUICE_NOTIFY',
      checkpoints: 'SLUICE_CHECKPOINTS',
      access: 'SLUICE_ACCESS',
    });
    expect(streamKey({ shard: '07', writer: 'exec', id: 'r07-X' })).toBe('exec.r07-X');
    expect(SUBJECTS.log({ shard: '07', writer: 'exec', id: 'r07-X' })).toBe('sluice.log.07.exec.r07-X');
    expect(attemptId('r07-X', 'web-01.example', 'drain', 2)).toBe('r07-X/web-01=2eexample/drain/2');
  });
});
