import { describe, expect, it } from 'vitest';

import { SAMPLE_REQUEST } from '../request/samples.js';
import { Rig } from './rig.suite.js';

const { sha256 } = SAMPLE_REQUEST.artifact;
const succeeded = (version: string, rolloutId: string) =>
  ({ type: 'VersionSucceeded', version, rolloutId, strategy: 'canary', sha256 }) as const;

describe('scale-out requests', () => {
  it('TAR-45 are planned only for what has succeeded in the group and is not blocked', async () => {
    const rig = new Rig();
    rig.hosts(4);
    const first = await rig.submit({ version: '2.0.0' });
    const early = await rig.submit({ id: 'early', strategy: 'scaleOut' });
    expect(early.faults).toMatchObject([{ path: '/version', code: 'VERSION_NOT_PROVEN' }]);
    await rig.group(succeeded('2.0.0', first.rolloutId ?? ''));
    expect((await rig.submit({ id: 'proven', strategy: 'scaleOut' })).outcome).toBe('planned');
    await rig.group({ type: 'VersionBlocked', version: '2.0.0', reason: 'leaks' });
    const blocked = await rig.submit({ id: 'blocked', strategy: 'scaleOut' });
    expect(blocked.faults?.map(({ code }) => code)).toEqual(['VERSION_BLOCKED', 'VERSION_NOT_PROVEN']);
  });

  it('TRS-06 a blocked version is refused with any strategy, and taken again once it is unblocked', async () => {
    const rig = new Rig();
    rig.hosts(4);
    await rig.group({ type: 'VersionBlocked', version: '2.0.0', reason: 'leaks' });
    const refused = await rig.submit({ id: 'one' });
    expect(refused.faults).toMatchObject([{ path: '/version', code: 'VERSION_BLOCKED' }]);
    expect(refused.faults?.[0]?.message).toContain('leaks');
    await rig.group({ type: 'VersionUnblocked', version: '2.0.0', reason: 'mended' });
    expect((await rig.submit({ id: 'two' })).outcome).toBe('planned');
  });
});
