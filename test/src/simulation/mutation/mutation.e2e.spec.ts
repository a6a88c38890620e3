import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

/** What `npm run simulate` runs; the build that comes before the tests made it. */
const MAIN = fileURLToPath(new URL('../../../dist/simulation/main.js', import.meta.url));
/** Broken rules that the first seeds notice: enough to show that the suite can fail. The whole run has them all. */
const QUICK = [
  'failure-counted-twice',
  'canary-unapproved',
  'agent-forgets-fence',
  'weights-not-given-back',
  'flips-while-paused',
];

function simulate(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, out: stdout + stderr });
    });
  });
}

describe('the simulator can fail', () => {
  it('catches broken rules, and blames none that is sound', async () => {
    const { code, out } = await simulate('--mutate', '--seeds', '1', ...QUICK.flatMap((id) => ['--only', id]));
    expect(out).toContain(`${QUICK.length} of ${QUICK.length} mutants caught`);
    expect(code).toBe(0);
  }, 120_000);

  it('has no mutant whose rule has moved elsewhere', async () => {
    const { code, out } = await simulate('--mutate', '--list');
    expect(out.split('\n').filter((line) => line.startsWith('STALE'))).toEqual([]);
    expect(code).toBe(0);
  });

  it('says what it cannot do, and how to repeat what it did', async () => {
    expect(await simulate('--only', 'C99')).toMatchObject({
      code: 2,
      out: expect.stringContaining('no scenario "C99"'),
    });
    expect(await simulate('--mutate', '--only', 'x')).toMatchObject({ code: 2 });
    const { code, out } = await simulate('--only', 'C4', '--seeds', '2', '--fleet', '5');
    expect(code).toBe(0);
    expect(out).toContain("'C4'");
  });
});
