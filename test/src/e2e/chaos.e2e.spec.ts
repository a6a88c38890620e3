import { describe, expect, it } from 'vitest';

import { chaos } from '../chaos/chaos.js';
import { SMALL } from '../chaos/shape.js';

const MINUTE = 60_000;

describe('three executors and all other services as processes', () => {
  it(
    'are killed with -9, stopped, cut off and hung under load, and all that was asked for is done once and told once',
    { timeout: 6 * MINUTE },
    async () => {
      const said: string[] = [];
      const tell = (line: string): void => void said.push(line);
      const result = await chaos({ seed: 7, shape: SMALL, ms: 20_000, everyMs: 2_500, calmMs: 3 * MINUTE, tell });
      expect(result.violations, said.join('\n')).toEqual([]);
      // Something was done to it, and it did something: else the run shows nothing.
      expect(Object.keys(result.faults).length).toBeGreaterThan(2);
      expect(result.counts['rollouts planned']).toBeGreaterThanOrEqual(3);
    },
  );
});
