import { describe, expect, it } from 'vitest';

import { LogGroupFacts } from './group-facts.js';
import { Rig } from './rig.suite.js';

const exclude = (rig: Rig, host: string): Promise<void> => rig.group({ type: 'HostExcluded', host, reason: 'disk' });
const excluded = async (facts: LogGroupFacts): Promise<string[]> => [
  ...(await facts.factsOf('shop-web')).exclusions.keys(),
];

describe('C16 what plans are made from, when the log lost its tail', () => {
  it('is what the log still says', async () => {
    const rig = new Rig();
    const facts = new LogGroupFacts(rig.log);
    await exclude(rig, 'a');
    await exclude(rig, 'b');
    expect(await excluded(facts)).toEqual(['a', 'b']);
    rig.log.truncateTail(1);
    expect(await excluded(facts)).toEqual(['a']);
  });

  it('and what was written in its place', async () => {
    const rig = new Rig();
    const facts = new LogGroupFacts(rig.log);
    for (const host of ['a', 'b', 'c']) await exclude(rig, host);
    expect(await excluded(facts)).toEqual(['a', 'b', 'c']);
    rig.log.truncateTail(2);
    for (const host of ['x', 'y', 'z']) await exclude(rig, host);
    expect(await excluded(facts)).toEqual(['a', 'x', 'y', 'z']);
  });

  it('until nothing is left', async () => {
    const rig = new Rig();
    const facts = new LogGroupFacts(rig.log);
    await exclude(rig, 'a');
    expect(await excluded(facts)).toEqual(['a']);
    rig.log.truncateTail(1);
    expect(await excluded(facts)).toEqual([]);
  });
});
