import { until } from '@sluice/demo';
import { NO_PROMETHEUS, prometheusMissing } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LAST_LOOK, LOGINS, RampSite, VARIABLE } from './support/ramp-site.js';

const MINUTE = 60_000;
const HOSTS = 300;
const [OLD, NEW] = ['1.6', '1.9'];
/** Five hosts in three seconds. */
const OVER = '3m';

if (prometheusMissing()) process.stderr.write(NO_PROMETHEUS);

describe.skipIf(prometheusMissing())('a ramp that is watched (skipped without prometheus)', () => {
  let ramp: RampSite;

  beforeAll(async () => {
    ramp = await RampSite.start();
    await ramp.say('define', { from: OLD, to: NEW, over: OVER, reason: 'the fleet asks for it from now on' });
  }, 2 * MINUTE);
  afterAll(() => ramp.stop(), MINUTE);

  let id = '';
  let frozen: ReadonlySet<string> = new Set();

  it(
    'TSU-10 TSU-14 a breach in mid-ramp freezes it and reverts nothing',
    { timeout: 2 * MINUTE, retry: 0 },
    async () => {
      const { site, outside } = ramp;
      expect((await ramp.asked(HOSTS, OLD)).size).toBe(HOSTS);
      outside.judgement = { verdict: 'fail', words: 'somebody has seen a slow login' };
      const outcome = await site.request({
        ...{ app: 'platform', group: 'login', strategy: 'ramp', version: NEW, reason: 'faster logins' },
        ...{ ramp: { variable: VARIABLE, over: OVER }, gates: [LOGINS, LAST_LOOK] },
      });
      id = outcome.rolloutId ?? '';
      expect(id, JSON.stringify(outcome)).not.toBe('');
      await to(3);

      outside.failing = 5;
      await site.api.reach(id, 'braked');
      const events = await site.api.events(id);
      const failed = events.find((event) => event.type === 'GateJudged' && event['verdict'] === 'fail');
      expect(failed).toMatchObject({ gate: 'logins', phase: 'during' });
      const braked = events.find(({ type }) => type === 'RolloutBraked');
      const words = expect.stringMatching(/logins failed .* above 0\.1 >= limit 1 of 2 \(0\.\d+\)/) as string;
      expect(braked).toMatchObject({ cause: { kind: 'gate', words } });
      const stopped = await until('the variable stands still', async () => {
        const variable = await ramp.variable();
        return variable?.phase === 'stopped' ? variable : undefined;
      });
      expect(stopped).toMatchObject({ stopped: { kind: 'breach', words }, nextAt: null });

      frozen = await ramp.asked(HOSTS, NEW);
      expect(frozen.size).toBe(stopped.counts.to);
      // All of them ask once more, and nobody waits for a time to come: nothing has changed, and nothing will.
      expect(await ramp.asked(HOSTS, NEW)).toEqual(frozen);
      expect(await ramp.variable()).toMatchObject({ phase: 'stopped', counts: stopped.counts, nextAt: null });
    },
  );

  it('TSU-10 a person has it go on, and the gates at its end decide', { timeout: 2 * MINUTE, retry: 0 }, async () => {
    const { site, outside } = ramp;
    outside.failing = 0;
    await ramp.calm(0.05);
    await site.api.say(id, 'resume', { reason: 'logins work again' });
    await to(frozen.size + 2);
    expect((await site.api.rollout(id))?.state).toBe('running');
    const later = await ramp.asked(HOSTS, NEW);
    expect([...frozen].filter((host) => !later.has(host))).toEqual([]);

    await ramp.say('finish', { reason: 'seen enough' });
    await site.api.reach(id, 'braked');
    expect((await ramp.variable())?.counts).toEqual({ from: 0, to: HOSTS, other: 0 });
    outside.judgement = { verdict: 'pass', words: 'all is well' };
    await site.api.say(id, 'resume', { reason: 'it was slow before, too' });
    await site.api.reach(id, 'succeeded');
  });

  /** Resolves when so many hosts are to have the new value. */
  const to = (count: number): Promise<unknown> =>
    until(`${count} hosts have ${NEW}`, async () => {
      const variable = await ramp.variable();
      return variable !== undefined && variable.counts.to >= count ? variable : undefined;
    });
});
