import { SluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { Rig } from './rig.suite.js';

describe('a request whose rollout was pruned from the archive', () => {
  /** After that, reading the rollout's plan ends as it does for one that was pruned. */
  function prune(rig: Rig, rolloutId: string): void {
    const last = rig.log.last.bind(rig.log);
    const gone: typeof rig.log.last = (stream) =>
      stream.id === rolloutId ? Promise.reject(new SluiceError('PRUNED', 'only hashes are kept')) : last(stream);
    Object.assign(rig.log, { last: gone });
  }

  it('is a duplicate when it is the same document', async () => {
    const rig = new Rig();
    rig.hosts(3);
    const { rolloutId = '', requestId } = await rig.submit();
    prune(rig, rolloutId);
    const position = await rig.log.position();
    expect(await rig.submit()).toEqual({ v: 1, requestId, outcome: 'duplicate', rolloutId });
    expect(await rig.log.position()).toBe(position);
  });

  it('is refused, once, when it has an id: it may be another document', async () => {
    const rig = new Rig();
    rig.hosts(3);
    const { rolloutId = '' } = await rig.submit({ id: 'ticket-8' });
    prune(rig, rolloutId);
    const position = await rig.log.position();
    for (const again of [1, 2]) {
      const refused = await rig.submit({ id: 'ticket-8' });
      expect([again, refused.outcome, refused.faults?.map(({ path, code }) => `${path} ${code}`)]).toEqual([
        again,
        'refused',
        ['/id PRUNED'],
      ]);
    }
    expect(await rig.log.position()).toBe(position + 1);
  });
});
