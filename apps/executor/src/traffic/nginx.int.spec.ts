import type { WeightDocument } from '@sluice/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { codeOf, eventually } from '../balancer/haproxy.suite.js';
import { NginxPublisher, splitClients } from './nginx-publisher.js';
import { NO_NGINX, nginxMissing, RunningNginx } from './nginx.suite.js';

if (nginxMissing) process.stderr.write(NO_NGINX);

const documentOf = (green: number): WeightDocument => ({
  ...{ v: 1, group: 'shop', version: 7, rolloutId: null, since: 0 },
  weights: { blue: 100 - green, green },
});

describe('weights as nginx reads them', () => {
  it('names one and the same side with its share, and gives the rest to the other', () => {
    expect(splitClients('shop', documentOf(5)).split('\n').slice(1)).toEqual([
      'split_clients "$request_id" $sluice_shop {',
      '  95% "blue";',
      '  * "green";',
      '}',
      '',
    ]);
    expect(splitClients('shop', documentOf(100))).toContain('{\n  * "green";\n}');
    expect(splitClients('shop', documentOf(0))).toContain('{\n  * "blue";\n}');
  });

  it('refuses names that would be more than names there', async () => {
    const nginx = new NginxPublisher({ folder: '/nowhere', reload: ['/bin/true'] });
    expect(await codeOf(nginx.publish('a; }', documentOf(5)))).toBe('DEPENDENCY_REFUSED');
    const evil = { ...documentOf(5), weights: { blue: 95, 'gr"; }': 5 } };
    expect(await codeOf(nginx.publish('shop', evil))).toBe('DEPENDENCY_REFUSED');
  });
});

describe.skipIf(nginxMissing)('a real nginx (skipped without nginx)', () => {
  let nginx: RunningNginx;
  beforeAll(async () => {
    nginx = await RunningNginx.start();
  });
  afterAll(() => nginx.stop());

  const percentOfGreen = async (requests: number): Promise<number> => {
    let green = 0;
    for (let i = 0; i < requests; i += 1) if ((await nginx.get(`request-${i}`)) === 'green') green += 1;
    return (100 * green) / requests;
  };

  it('STR-12 splits requests by the weights, and one id stays on one side', async () => {
    const edge = nginx.publisher();
    // The workers that had the old weights leave a moment after the reload.
    for (const [weight, least, most] of [
      [25, 18, 32],
      [100, 100, 100],
      [0, 0, 0],
    ] as const) {
      await edge.publish('shop', documentOf(weight));
      await eventually(async () => {
        const share = await percentOfGreen(300);
        expect(share).toBeGreaterThanOrEqual(least);
        expect(share).toBeLessThanOrEqual(most);
      });
    }
    await edge.publish('shop', documentOf(50));
    await eventually(async () => {
      expect(await percentOfGreen(50)).toBeGreaterThan(20);
      expect(new Set(await Promise.all(Array.from({ length: 20 }, () => nginx.get('the-same')))).size).toBe(1);
    });
  });

  it('keeps the file that nginx takes when it does not take the new one', async () => {
    const edge = nginx.publisher();
    await edge.publish('shop', documentOf(10));
    const before = await nginx.weightsFile();
    const unknown = nginx.publisher('$no_such_variable');
    expect(await codeOf(unknown.publish('shop', documentOf(20)))).toBe('DEPENDENCY_REFUSED');
    expect(await nginx.weightsFile()).toBe(before);
    expect(await nginx.get('x')).toMatch(/blue|green/);
  });
});
