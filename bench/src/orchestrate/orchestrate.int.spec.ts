import { describe, expect, it } from 'vitest';

import { tableOf } from '../table.js';
import { runOrchestrate } from './orchestrate.js';

const TARGETS = 200;

describe('the benchmark orchestrate', () => {
  it('commits all steps of product and limit, and shows them with their ratio', { timeout: 60_000 }, async () => {
    const said: string[] = [];
    const result = await runOrchestrate({ targets: TARGETS, rounds: 1, say: (line) => said.push(line) });
    for (const name of ['product', 'limit']) {
      const { rounds } = result.details[name] as {
        readonly rounds: readonly { readonly steps: number; readonly commits: number }[];
      };
      expect(rounds.map(({ steps }) => steps)).toEqual([5 * TARGETS]);
      // Group commit: far fewer commits than reports.
      expect(rounds[0]?.commits).toBeLessThan(TARGETS / 2);
    }
    const table = tableOf(result);
    expect(table).toMatch(/^ {2}product +[\d,]+ /m);
    expect(table).toMatch(/^ {2}limit +[\d,]+ /m);
    expect(table).toMatch(/ratio product \/ limit: \d+\.\d\d/);
    // Where redis-server is missing its row says so.
    expect(table).toMatch(/^ {2}peer +([\d,]+ .*BullMQ|- .*no redis-server)/m);
    expect(said.join()).not.toMatch(/reports [1-9]\d* were refused/);
  });
});
