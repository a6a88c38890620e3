import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { askApp, eventually, freePort, Rig, runOf } from './rig.suite.js';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

describe('agent: several apps and versions on one host', () => {
  it('TAR-14 rolls two apps of two groups at the same time, without a clash', async () => {
    const host = 'shared';
    const [one, two] = [await freePort(), await freePort()];
    await rig.agent(host, [
      { app: 'shop', group: 'shop-web', port: one },
      { app: 'blog', group: 'blog-web', port: two },
    ]);
    const [shops, blogs] = [rig.owner('shop-web'), rig.owner('blog-web')];
    const release = rig.release({ version: '1.0.0', healthyAfterMs: 400 });
    const shop = runOf({ host, release, spec: { app: 'shop', group: 'shop-web' } });
    const blog = runOf({ host, release, spec: { app: 'blog', group: 'blog-web' } });
    expect(await Promise.all([rig.send(shop), rig.send(blog)])).toEqual([
      { ok: true, state: 'accepted' },
      { ok: true, state: 'accepted' },
    ]);
    expect(await rig.send(runOf({ host, release, n: 2, spec: { app: 'shop', group: 'shop-web' } }))).toMatchObject({
      ok: false,
      code: 'BUSY',
    });
    const both = await Promise.all([rig.status(host, shop.attempt), rig.status(host, blog.attempt)]);
    expect(both.map(({ state }) => state)).toEqual(['running', 'running']);

    for (const report of [await shops.final(shop.attempt), await blogs.final(blog.attempt)]) {
      expect(report.steps.map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
    }
    expect(await askApp(one)).toMatchObject({ app: 'shop' });
    expect(await askApp(two)).toMatchObject({ app: 'blog' });
    await eventually('a hello of both', () =>
      rig.lastHello(host)?.apps.every(({ serving, running }) => serving && running === '1.0.0') ? true : undefined,
    );
  });

  it('TAR-39 keeps the five versions used last, and tells which', async () => {
    const host = 'keeper';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }]);
    const owner = rig.owner();
    for (const [n, version] of ['1', '2', '3', '4', '1', '5', '6', '7'].entries()) {
      const run = runOf({ host, release: rig.release({ version }), n: n + 1, spec: { drainWindowMs: 0 } });
      await rig.send(run);
      await owner.final(run.attempt);
    }
    const kept = ['1', '4', '5', '6', '7'];
    expect((await readdir(join(rig.appDir(host), 'releases'))).sort()).toEqual(kept);
    await eventually('a hello with them', () =>
      [...(rig.lastHello(host)?.apps[0]?.localVersions ?? [])].sort().join() === kept.join() ? true : undefined,
    );
  });
});
