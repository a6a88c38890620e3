import type { AccessDraft } from '@sluice/messaging';
import { VirtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import type { Principal } from './principal.js';
import { RECORDED, Reads } from './reads.js';
import { PERMISSIONS } from './permissions.js';

const ana: Principal = {
  actor: { id: 'ana', kind: 'user' },
  grants: [],
  key: 'token t1',
  mayActForOthers: false,
  isValid: () => true,
};

function world() {
  const clock = new VirtualClock();
  const written: AccessDraft[] = [];
  let isDown = false;
  const warnings: unknown[] = [];
  const reads = new Reads({
    clock,
    logger: { warn: (...words: unknown[]) => void warnings.push(words) },
    newId: () => `id-${written.length}`,
    write: async (draft) => {
      if (isDown) throw new Error('no stream');
      written.push(draft);
    },
  });
  return { clock, written, warnings, reads, setDown: (down: boolean) => (isDown = down) };
}

describe('reads that are recorded', () => {
  it('are of operations that there are', () => {
    expect([...RECORDED.keys()].filter((operation) => PERMISSIONS[operation] === undefined)).toEqual([]);
  });

  it('stand there once in a quarter of an hour for each reader, operation and rollout', async () => {
    const { clock, written, reads } = world();
    await Promise.all([reads.record(ana, 'getReport', 'r1'), reads.record(ana, 'getReport', 'r1')]);
    await reads.record(ana, 'getReport', 'r2');
    await reads.record(ana, 'listEvents', 'r1');
    await reads.record({ ...ana, key: 'token t2' }, 'getReport', 'r1');
    await reads.record(ana, 'getRollout', 'r1');
    expect(written.map(({ account, operation, subject }) => [account, operation, subject])).toEqual([
      ['token t1', 'getReport', 'r1'],
      ['token t1', 'getReport', 'r2'],
      ['token t1', 'listEvents', 'r1'],
      ['token t2', 'getReport', 'r1'],
    ]);
    expect(written[0]).toMatchObject({ by: 'user:ana', what: 'read' });
    await clock.advance(14 * 60_000);
    await reads.record(ana, 'getReport', 'r1');
    expect(written).toHaveLength(4);
    await clock.advance(60_000);
    await reads.record(ana, 'getReport', 'r1');
    expect(written).toHaveLength(5);
  });

  it('are told all the same when they cannot be recorded, and that is said, but not with each of them', async () => {
    const { clock, written, warnings, reads, setDown } = world();
    setDown(true);
    for (let i = 0; i < 5; i += 1) await reads.record(ana, 'listDecisions', 'r1');
    await clock.advance(1);
    expect(warnings).toHaveLength(1);
    setDown(false);
    await reads.record(ana, 'listDecisions', 'r1');
    expect(written).toHaveLength(1);
  });

  it('of change records are refused when they cannot be recorded, and recorded when they can again', async () => {
    const { written, reads, setDown } = world();
    setDown(true);
    await expect(reads.record(ana, 'getRecord', 'r1')).rejects.toMatchObject({
      problem: { code: 'ACCESS_NOT_RECORDED', status: 503 },
    });
    await expect(reads.record(ana, 'getRecord', 'r1')).rejects.toMatchObject({
      problem: { code: 'ACCESS_NOT_RECORDED', status: 503 },
    });
    await reads.record(ana, 'getRollout', 'r1');
    setDown(false);
    await reads.record(ana, 'getRecord', 'r1');
    expect(written).toHaveLength(1);
  });
});
