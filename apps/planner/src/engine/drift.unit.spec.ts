import { describe, expect, it } from 'vitest';

import { SAMPLE_REQUEST } from '../request/samples.js';
import { Rig } from './rig.suite.js';

const { sha256 } = SAMPLE_REQUEST.artifact;

describe('drift that a plan finds', () => {
  it('XIM-08 a host that runs what no rollout brought is told in the preview and in the log, and keeps nobody back', async () => {
    const rig = new Rig();
    rig.hosts(4);
    expect((await rig.preview({ id: 'first' })).drift).toBeUndefined();
    const first = await rig.submit({ version: '1.0.0' });
    await rig.group({ type: 'LeaseGranted', rolloutId: first.rolloutId ?? '', token: 1 });
    await rig.group({
      ...{ type: 'VersionSucceeded', version: '1.0.0', strategy: 'canary', sha256 },
      rolloutId: first.rolloutId ?? '',
    });
    const half = await rig.submit({ version: '2.0.0' });
    await rig.group({ type: 'LeaseGranted', rolloutId: half.rolloutId ?? '', token: 2 });
    for (const host of ['web-000001', 'web-000002']) rig.hear(host, { running: '1.0.0' });
    rig.hear('web-000003', { running: '2.0.0' });
    rig.hear('web-000004', { running: '9.9.9' });
    const drift = { count: 1, hosts: [{ host: 'web-000004', recorded: '1.0.0', running: '9.9.9' }] };
    expect((await rig.preview({ id: 'next', version: '3.0.0' })).drift).toEqual(drift);
    const { outcome, rolloutId = '' } = await rig.submit({ id: 'next', version: '3.0.0' });
    expect(outcome).toBe('planned');
    expect((await rig.plans(rolloutId)).at(-1)).toMatchObject({ type: 'RolloutPlanned', drift });
  });
});
