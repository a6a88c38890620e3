import { readlink } from 'node:fs/promises';
import { join } from 'node:path';

import { parseHello } from '@sluice/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ALL_STEPS, askApp, eventually, freePort, type Owner, Rig, runOf } from './rig.suite.js';

let rig: Rig;
let owner: Owner;
beforeAll(async () => {
  rig = await Rig.start();
  owner = rig.owner();
});
afterAll(() => rig.stop());

describe('agent: a roll with the process profile', () => {
  it('TAR-20 TAR-39 rolls 1.0.0, 2.0.0 and back again, step by step, and downloads nothing on the way back', async () => {
    const host = 'web-01.example';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }], { site: 'fra', labels: { rack: 'r1' } });
    const [one, two] = [rig.release({ version: '1.0.0' }), rig.release({ version: '2.0.0' })];
    const pids: number[] = [];

    for (const [release, n] of [
      [one, 1],
      [two, 1],
      [one, 2],
    ] as const) {
      const run = runOf({ host, release, n });
      expect(await rig.send(run)).toEqual({ ok: true, state: 'accepted' });
      const report = await owner.final(run.attempt);
      expect(report.steps.map(({ step, ok }) => [step, ok])).toEqual(ALL_STEPS.map((step) => [step, true]));
      const downloaded = report.steps.find(({ step }) => step === 'download');
      expect(downloaded?.note).toBe(n === 2 ? 'local' : undefined);
      expect(n === 1 || (downloaded?.ms ?? 1_000) < 1_000).toBe(true);
      expect(await askApp(port)).toMatchObject({ version: release.version, host });
      expect(await readlink(join(rig.appDir(host), 'current'))).toBe(join('releases', release.version));
      const alive = await rig.appPids(host);
      expect(alive).toHaveLength(1);
      pids.push(...alive);
      await eventually('a hello that says so', () => {
        const app = rig.lastHello(host)?.apps[0];
        return app?.running === release.version && app.serving ? app : undefined;
      });
    }

    expect(new Set(pids).size).toBe(3);
    const hello = parseHello(rig.lastHello(host));
    expect(hello).toMatchObject({ host, site: 'fra', labels: { rack: 'r1' }, agent: { version: '0.0.0-test' } });
    expect(hello.apps[0]).toMatchObject({ app: 'hello', group: 'hello-web', endpoint: `127.0.0.1:${port}` });
    expect([...(hello.apps[0]?.localVersions ?? [])].sort()).toEqual(['1.0.0', '2.0.0']);
  });

  it('XIM-13 downloads before it drains when the run says so: the old version serves until then', async () => {
    const host = 'prefetch';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }]);
    const steps = ['download', 'drain', 'install', 'verify', 'enable'] as const;
    const before = runOf({ host, release: rig.release({ version: '1.0.0' }), steps });
    await rig.send(before);
    await owner.final(before.attempt);
    const release = rig.release({ version: '2.0.0' });
    const fetched = runOf({ host, release, steps: ['download'], n: 2 });
    await rig.send(fetched);
    expect((await owner.final(fetched.attempt)).steps).toMatchObject([{ step: 'download', ok: true }]);
    expect(await askApp(port)).toMatchObject({ version: '1.0.0' });
    const run = runOf({ host, release, steps, n: 3 });
    expect(await rig.send(run)).toEqual({ ok: true, state: 'accepted' });
    expect((await owner.final(run.attempt)).steps.map(({ step, ok }) => [step, ok])).toEqual(
      steps.map((step) => [step, true]),
    );
    expect(await askApp(port)).toMatchObject({ version: '2.0.0', host });
  });

  it('TAR-25 a canary verifies and stays out of service until it is enabled', async () => {
    const host = 'canary';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }]);
    const release = rig.release({ version: '2.0.0' });
    const run = runOf({ host, release, steps: ['drain', 'download', 'install', 'verify'] });
    await rig.send(run);
    const report = await owner.final(run.attempt);
    expect(report.steps.at(-1)).toMatchObject({ step: 'verify', ok: true });
    const held = await eventually('a hello of the held canary', () =>
      rig.lastHello(host)?.apps.find(({ running }) => running === '2.0.0'),
    );
    expect(held.serving).toBe(false);

    const enable = runOf({ host, release, kind: 'enable', steps: ['enable'] });
    await rig.send(enable);
    expect((await owner.final(enable.attempt)).steps).toMatchObject([{ step: 'enable', ok: true }]);
    await eventually('the canary in service', () => rig.lastHello(host)?.apps.find(({ serving }) => serving));
  });

  it('TAR-21 does no step after one that failed, and says that the drained host does not serve', async () => {
    const host = 'web-02';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }]);
    const good = runOf({ host, release: rig.release({ version: '1.0.0' }) });
    await rig.send(good);
    await owner.final(good.attempt);

    const bad = runOf({
      host,
      release: rig.release({ version: '3.0.0', failVerifyOn: 'all' }),
      spec: { verify: { path: '/health', status: 200, successes: 2, intervalMs: 20, timeoutMs: 700 } },
    });
    await rig.send(bad);
    const report = await owner.final(bad.attempt);
    expect(report.steps.map(({ step }) => step)).toEqual(['drain', 'download', 'install', 'verify']);
    expect(report.steps.at(-1)).toMatchObject({ ok: false, code: 'VERIFY_TIMEOUT', serving: false });
    expect(report.steps.at(-1)?.message).toContain('status 503');
  });

  it('XIM-11 TAR-37 verify fails early with the last words of a process that exited, and waits for a slow starter', async () => {
    const host = 'web-03';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }]);
    const dead = runOf({ host, release: rig.release({ version: '3.0.1', crashOn: [host] }) });
    await rig.send(dead);
    const failed = (await owner.final(dead.attempt)).steps.at(-1);
    expect(failed).toMatchObject({ step: 'verify', ok: false, code: 'PROCESS_EXITED', serving: false });
    expect(failed?.message).toContain('exited with code 1: hello 3.0.1 cannot start on web-03');
    expect(failed?.ms).toBeLessThan(4_000);

    const slow = runOf({ host, release: rig.release({ version: '3.0.2', healthyAfterMs: 900 }) });
    await rig.send(slow);
    const verified = (await owner.final(slow.attempt)).steps.find(({ step }) => step === 'verify');
    expect(verified).toMatchObject({ ok: true });
    expect(verified?.ms).toBeGreaterThan(500);
  });

  it('waives verify on request, but not that the process lives', async () => {
    const host = 'web-04';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }]);
    const run = runOf({
      host,
      release: rig.release({ version: '4.0.0', failVerifyOn: 'all' }),
      spec: { ignoreVerify: true },
    });
    await rig.send(run);
    const report = await owner.final(run.attempt);
    expect(report.steps.find(({ step }) => step === 'verify')).toMatchObject({ ok: true, note: 'waived' });
    expect(report.steps).toHaveLength(5);
  });
});

describe('agent: probe', () => {
  it('says yes only for the version and artifact that run, verified and in service', async () => {
    const host = 'web-05';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }]);
    const [one, two] = [rig.release({ version: '1.0.0' }), rig.release({ version: '2.0.0' })];
    let n = 0;
    const probe = async (release: typeof one) => {
      n += 1;
      const run = runOf({ host, release, kind: 'probe', steps: ['probe'], n });
      await rig.send(run);
      return (await owner.final(run.attempt)).steps[0];
    };
    expect(await probe(one)).toMatchObject({ ok: false, code: 'NOT_TARGET_VERSION', serving: false });

    n += 1;
    const hold = runOf({ host, release: one, steps: ['drain', 'download', 'install', 'verify'], n });
    await rig.send(hold);
    await owner.final(hold.attempt);
    expect(await probe(one)).toMatchObject({ ok: false, code: 'NOT_SERVING', serving: false });

    n += 1;
    const enable = runOf({ host, release: one, kind: 'enable', steps: ['enable'], n });
    await rig.send(enable);
    await owner.final(enable.attempt);
    expect(await probe(one)).toMatchObject({ ok: true });
    expect(await probe(two)).toMatchObject({ ok: false, code: 'NOT_TARGET_VERSION', serving: true });
    expect(await probe({ ...one, sha256: two.sha256 })).toMatchObject({ ok: false, code: 'NOT_TARGET_VERSION' });

    for (const pid of await rig.appPids(host)) process.kill(pid, 'SIGKILL');
    await eventually('the death of the app', async () => ((await rig.appPids(host)).length === 0 ? true : undefined));
    expect(await probe(one)).toMatchObject({ ok: false, code: 'PROCESS_EXITED', serving: false });
    await eventually('a hello without it', () =>
      rig.lastHello(host)?.apps.find(({ running, serving }) => running === null && !serving),
    );
  });
});
