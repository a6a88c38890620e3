import { ERRORS } from '@sluice/demo';
import { haproxyMissing, NO_HAPROXY, NO_PROMETHEUS, prometheusMissing } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { BUDGET, ShopSite } from './support/shop.js';

const MINUTE = 60_000;

if (haproxyMissing) process.stderr.write(NO_HAPROXY);
if (prometheusMissing()) process.stderr.write(NO_PROMETHEUS);

describe.skipIf(haproxyMissing || prometheusMissing())('traffic (skipped without haproxy and prometheus)', () => {
  let shop: ShopSite;

  beforeAll(async () => {
    shop = await ShopSite.start();
    await shop.answered('1.0.0', 100);
  }, 2 * MINUTE);
  afterAll(() => shop.stop(), MINUTE);

  const versions = (): readonly string[] => [...shop.client.seen.versions.keys()].toSorted();

  it('SWB-09 MOM-04 a good release takes one command, and no request is lost', { timeout: 2 * MINUTE }, async () => {
    shop.client.anew();
    const before = await shop.version();
    const id = await shop.shift('2.0.0', { weights: [10, 100], dwell: '1s' }, { gates: [ERRORS, BUDGET] });
    await shop.reach(id, 'succeeded');
    const { errors, mixed } = shop.client.seen;
    expect({ errors, mixed, versions: versions() }).toEqual({ errors: 0, mixed: 0, versions: ['1.0.0', '2.0.0'] });
    const atRest = { weights: { blue: 0, green: 100 }, rolloutId: id, version: before + 2 };
    expect(await shop.document()).toMatchObject(atRest);
    shop.client.anew();
    await shop.answered('2.0.0', 50);
    expect(versions()).toEqual(['2.0.0']);
  });

  it('STR-12 SWB-10 a person moves the weights, pauses, and takes all back', { timeout: 2 * MINUTE }, async () => {
    const { client, site } = shop;
    client.anew();
    const before = await shop.version();
    const id = await shop.shift('3.0.0', { weights: [1, 100], dwell: '10m' });
    await shop.answered('3.0.0', 1);
    await site.api.say(id, 'pause', { reason: 'lunch' });
    const moved = await site.cli(['weight', id, '50', '--reason', 'let us see']);
    expect(moved, moved.stderr).toMatchObject({ code: 0 });
    await shop.published(id, 'blue', 50);
    client.anew();
    await shop.answered('3.0.0', 50);
    const share = (client.seen.versions.get('3.0.0')?.count ?? 0) / client.seen.ok;
    expect([share > 0.4, share < 0.6]).toEqual([true, true]);
    expect(await shop.document()).toMatchObject({ weights: { blue: 50, green: 50 }, version: before + 2 });
    expect((await site.api.rollout(id))?.state).toBe('paused');
    await site.api.say(id, 'rollback', { reason: 'seen enough' });
    await shop.reach(id, 'cancelled');
    expect(await shop.document()).toMatchObject({ weights: { blue: 0, green: 100 }, version: before + 3 });
    expect(await backMs(id)).toBeLessThan(5_000);
    expect([client.seen.errors, client.seen.mixed]).toEqual([0, 0]);
  });

  it('SWB-10 a bad release stops by itself, and its verdict decides again', { timeout: 2 * MINUTE }, async () => {
    const { client, site } = shop;
    client.anew();
    const before = await shop.version();
    const slow = { weights: [10, 100], dwell: '10m' };
    const id = await shop.shift('4.0.0', slow, { gates: [ERRORS, BUDGET] }, { errorEvery: 20 });
    await shop.reach(id, 'cancelled');
    const { errors, firstErrorAt = 0, asked } = client.seen;
    const back = (client.seen.versions.get('4.0.0')?.lastAt ?? 0) - firstErrorAt;
    process.stdout.write(
      `${errors} of ${asked} requests saw an error; all traffic was back ${back} ms after the first\n`,
    );
    expect(errors).toBeGreaterThan(0);
    client.anew();
    await shop.answered('2.0.0', 50);
    expect([versions(), client.seen.errors]).toEqual([['2.0.0'], 0]);
    const published = (await shop.events(id)).filter(({ type }) => type === 'WeightPublished');
    expect(published.map(({ weights }) => weights)).toEqual([
      { blue: 10, green: 90 },
      { blue: 0, green: 100 },
    ]);
    expect(await shop.version()).toBe(before + 2);

    const { code, stdout } = await site.cli(['explain', id, '--verify']);
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/in the middle of weight 10: gate errors: FAIL/);
    expect(stdout).toContain(`asked    query: ${ERRORED.replaceAll('{{side}}', 'blue')}`);
    expect(stdout).toMatch(/found +.*0\.\d+.* \(digest [0-9a-f]{12}\)/);
    expect(stdout).toMatch(/so +[12] of the last 2 values above 0\.01 >= limit 1 of 2 \(.*\); failed 1 > limit 0/);
    expect(stdout).toMatch(/\d+ decisions decided again: the same, byte for byte \(/);
  });

  /** From the word to the moment in which every publisher had it, by the log. */
  const backMs = async (id: string): Promise<number> => {
    const events = await shop.events(id);
    const setAt = events.find(({ type, why }) => type === 'WeightSet' && why === 'back')?.at ?? 0;
    return (events.findLast(({ type }) => type === 'WeightPublished')?.at ?? Infinity) - setAt;
  };
});

const ERRORED = 'sum(rate(http_requests_total{app="shop",service="web",side="{{side}}",code="500"}[2s]))';
