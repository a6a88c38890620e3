import type { Lease } from '@sluice/messaging';
import { describe, expect, it } from 'vitest';

import type { SidePlace, TrafficPorts, WeightsPlace } from '../traffic/ports.js';
import { guardedTraffic } from './guarded.js';

describe('traffic as the driver of a shard has it', () => {
  it('moves nothing once the lease is over, and may still look', async () => {
    const said: string[] = [];
    const say = <T>(what: string, value: T) => {
      said.push(what);
      return Promise.resolve({ kind: 'done', value } as const);
    };
    const ports: TrafficPorts = {
      sides: {
        look: () => say('look', []),
        scale: () => say('scale', undefined),
        retire: () => say('retire', ''),
      },
      weights: { publish: () => say('publish', 1) },
    };
    let valid = true;
    const lease: Lease = { part: '00', isValid: () => valid };
    const { sides, weights } = guardedTraffic(ports, lease);
    const [side, place] = [{} as SidePlace, {} as WeightsPlace];
    const all = () =>
      Promise.all([sides.look(side), sides.scale(side, []), sides.retire(side), weights.publish(place, {})]);
    expect((await all()).map(({ kind }) => kind)).toEqual(['done', 'done', 'done', 'done']);
    valid = false;
    expect((await all()).map(({ kind }) => kind)).toEqual(['done', 'down', 'down', 'down']);
    expect(said).toEqual(['look', 'scale', 'retire', 'publish', 'look']);
  });
});
