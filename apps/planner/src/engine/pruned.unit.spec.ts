import { SluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { Rig } from './rig.suite.js';

describe('a rollout that was pruned', () => {
  it('refuses a request whose rollout was pruned from the archive, once, and plans nothing anew', async () => {
    const rig = new Rig();
    rig.hosts(3);
    const { rolloutId = '' } = await rig.submit({ id: 'ticket-8' });
    const last = rig.log.last.bind(rig.log);
    const gone: typeof rig.log.last = (stream) =>
      stream.id === rolloutId ? Promise.reject(new SluiceError('PRUNED', 'only hashes are kept')) : last(stream);
    Object.assign(rig.log, { last: gone });
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
