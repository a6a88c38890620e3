import { describe, expect, it } from 'vitest';

import { tableOf } from '../table.js';
import { runLoad } from './load.js';

const MINUTE = 60_000;
/** Far above what it takes: this says that commands are answered, the benchmark says how fast. */
const BOUND_MS = 30_000;

describe('the benchmark load', () => {
  it(
    'TAR-01 rollouts come at a steady rate, commands are answered, and all rollouts end',
    { timeout: 2 * MINUTE },
    async () => {
      const result = await runLoad({
        ...{ rolloutsPerMinute: 240, minutes: 1 / 20, groups: 100, targets: 40, runMs: 300, commandsPerSecond: 10 },
        say: () => undefined,
      });
      const { started, succeeded, most, commandMs, refused } = result.details;
      expect({ started, succeeded }).toEqual({ started: 12, succeeded: 12 });
      expect(most).toBeGreaterThanOrEqual(20);
      expect(refused).toEqual([]);
      expect(commandMs.length).toBeGreaterThan(5);
      expect(Math.max(...commandMs)).toBeLessThan(BOUND_MS);
      process.stdout.write(`${tableOf(result)}\n`);
    },
  );
});
