import { silentLog } from '@sluice/messaging';
import { VirtualClock } from '@sluice/testing';
import { expect, it } from 'vitest';

import { Rig } from '../engine/rig.suite.js';
import { followRollbacks } from './rollback-service.js';

it('C16 plans rollbacks on, although the log lost what lay before them', async () => {
  const rig = new Rig();
  rig.hosts(3);
  const good = (await rig.submit({ version: '1.0.0' })).rolloutId ?? '';
  const bad = (await rig.submit({ version: '2.0.0' })).rolloutId ?? '';
  const clock = new VirtualClock();
  for (let i = 0; i < 20; i += 1) await rig.exec(bad, { type: 'RolloutPaused' });
  const following = followRollbacks(rig.rollbacks, clock, silentLog);
  await clock.advance(1_000);
  rig.log.truncateTail(20);
  await clock.advance(1_000);
  await rig.exec(bad, {
    type: 'RollbackRequested',
    to: { rolloutId: good, version: '1.0.0' },
    targets: [0, 1, 2],
    down: [],
    ordinal: 1,
  });
  const before = await rig.log.position();
  await clock.advance(60_000);
  expect(await rig.log.position()).toBeGreaterThan(before);
  await following.stop();
});
