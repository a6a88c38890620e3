import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { sluice } from '../cli.suite.js';
import { EXIT } from '../client/exit.js';

/** A history with a braked canary: three rollouts and a rollback. */
const LOG = fileURLToPath(new URL('../../../../libs/audit/fixtures/0.1.0/chaos-35.jsonl.gz', import.meta.url));
const STRICT = 'name: strict\nbrake:\n  failureLimit: 1\n';

const backtest = (policy: string, ...args: string[]) =>
  sluice('http://127.0.0.1:1', 'backtest', LOG, '--policy', policy, ...args);

describe('sluice backtest', () => {
  it('says what a policy would have done, in words and as JSON', async () => {
    const { exit, out } = await backtest(STRICT, '--infer');
    expect(exit).toBe(EXIT.ok);
    expect(out).toContain('policy strict on 3 rollouts');
    expect(out).toContain('(3 of them inferred from how they ended, not said by anybody)');
    const json = JSON.parse((await backtest(STRICT, '--infer', '-o', 'json')).out) as { readonly outcomes: object };
    expect(json).toMatchObject({
      policy: 'strict',
      counts: { rollouts: 3, rollbacks: 1 },
      labels: { bad: 2, good: 1 },
    });
    expect(json).not.toHaveProperty('broken');
  });

  it('ends with 6 when a limit is broken, and names it', async () => {
    const { exit, out } = await backtest(STRICT, '--infer', '--ci', '--min-recall', '0.9');
    expect(out).toContain('BROKEN: recall 1 of 2 = 0.500 < limit 0.9');
    expect(exit).toBe(EXIT.failed);
    expect((await backtest(STRICT, '--ci')).exit).toBe(EXIT.failed);
    expect((await backtest(STRICT, '--infer', '--ci', '--max-false-alarms', '0')).exit).toBe(EXIT.ok);
  });

  it('leaves out what was planned at another time', async () => {
    const { out } = await backtest(STRICT, '--until', '2020-01-01T00:00:00Z');
    expect(out).toContain('on 0 rollouts');
  });

  it.each([
    ['brake:\n  failurLimit: 1', [], 'did you mean "failureLimit"?'],
    ['brake: [', [], 'is no YAML'],
    [STRICT, ['--min-recall', '0.9'], 'limits are for --ci'],
    [STRICT, ['--min-recall', '2'], 'a share from 0 to 1'],
    [STRICT, ['--since', 'yesterday'], 'no time such as'],
    [STRICT, ['--since', '5 moons'], 'no time such as'],
    [STRICT, ['--since', '5x'], 'duration'],
  ])('refuses %j %j', async (policy, args, words) => {
    const { exit, err } = await backtest(policy, ...args);
    expect(err).toContain(words);
    expect(exit).toBe(EXIT.usage);
  });

  it('cannot without a log', async () => {
    const { exit, err } = await sluice('http://127.0.0.1:1', 'backtest', 'no such file', '--policy', STRICT);
    expect(err).toContain('no file and no folder');
    expect(exit).toBe(EXIT.error);
  });
});
