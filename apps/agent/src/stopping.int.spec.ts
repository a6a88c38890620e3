import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { sha256 } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';
import { systemClock } from '@sluice/observability';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { packFiles } from '../../../examples/hello/pack.mjs';
import type { ProcessTable } from './host/process-table.js';
import { stopConfirmed } from './host/stopping.js';
import { askApp, eventually, freePort, type Owner, Rig, runOf } from './rig.suite.js';

let rig: Rig;
let owner: Owner;
beforeAll(async () => {
  rig = await Rig.start();
  owner = rig.owner();
});
afterAll(() => rig.stop());

const grace = (stopGraceMs: number) => ({
  profile: { kind: 'process' as const, command: ['node', 'server.mjs'], stopGraceMs },
});

describe('agent: stop', () => {
  it('XIM-06 kills an app that ignores SIGTERM after its grace period, and starts the new one only when it is gone', async () => {
    const host = 'stubborn';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }]);
    const first = runOf({ host, release: rig.release({ version: '1.0.0', ignoreSigterm: true }) });
    await rig.send(first);
    await owner.final(first.attempt);
    const [old] = await rig.appPids(host);

    const second = runOf({ host, release: rig.release({ version: '2.0.0' }), spec: grace(600) });
    await rig.send(second);
    const report = await owner.final(second.attempt);
    const install = report.steps.find(({ step }) => step === 'install');
    expect(install).toMatchObject({ ok: true });
    expect(install?.ms).toBeGreaterThanOrEqual(600);
    const now = await rig.appPids(host);
    expect(now).toHaveLength(1);
    expect(now).not.toContain(old);
    expect(await askApp(port)).toMatchObject({ version: '2.0.0' });
  });

  it('XIM-06 lets an app that stops in peace end the requests that it has', async () => {
    const host = 'gentle';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }]);
    const first = runOf({ host, release: rig.release({ version: '1.1.0', answerMs: 500 }) });
    await rig.send(first);
    await owner.final(first.attempt);
    const slow = askApp(port);
    const second = runOf({ host, release: rig.release({ version: '2.0.0' }), spec: { drainWindowMs: 0 } });
    await rig.send(second);
    expect(await slow).toMatchObject({ version: '1.1.0' });
    expect((await owner.final(second.attempt)).steps.every(({ ok }) => ok)).toBe(true);
  });

  it('XIM-06 ends the children of an app whose first process is gone, and those that left its group', async () => {
    const host = 'family';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }]);
    const script = `trap '' TERM; setsid sleep 600 & sleep 600 & exec node -e "require('http').createServer((q, r) => r.end()).listen(${port}, '127.0.0.1')"`;
    const bytes = packFiles({ 'start.sh': script });
    const file = join(rig.folder, 'family.tar.gz');
    await writeFile(file, bytes);
    const release = { version: '0.1.0', url: pathToFileURL(file).href, sha256: sha256(bytes) };
    const profile = { kind: 'process' as const, command: ['sh', 'start.sh'], stopGraceMs: 300 };
    const first = runOf({ host, release, spec: { profile } });
    await rig.send(first);
    expect((await owner.final(first.attempt)).steps.at(-1)).toMatchObject({ step: 'enable', ok: true });
    expect(await rig.appPids(host)).toHaveLength(3);

    const second = runOf({ host, release: rig.release({ version: '2.0.0' }), spec: grace(300) });
    await rig.send(second);
    expect((await owner.final(second.attempt)).steps.at(-1)).toMatchObject({ step: 'enable', ok: true });
    expect(await rig.appPids(host)).toHaveLength(1);
  });

  it('XIM-06 installs nothing over a process whose end is not confirmed', async () => {
    const signals: string[] = [];
    const immortal: ProcessTable = {
      lifeOf: () => Promise.resolve('life'),
      membersOf: () => Promise.resolve([4_242]),
      withEnvironment: () => Promise.resolve([]),
      signal: (_pid, signal) => signals.push(signal) > 0,
    };
    const fast = { ...systemClock, schedule: (ms: number, fire: () => void) => systemClock.schedule(ms / 50, fire) };
    const { signal } = new AbortController();
    const target = { leader: { pid: 4_242, life: 'life' }, marks: [], graceMs: 200, signal };
    const error = await stopConfirmed(immortal, fast, target).catch((thrown: unknown) => thrown);
    expect(isSluiceError(error, 'STOP_NOT_CONFIRMED')).toBe(true);
    expect(signals).toEqual(['SIGTERM', 'SIGKILL']);
  });

  it('does not touch a stranger who was given the pid of an app that is gone', async () => {
    const signals: number[] = [];
    const reused: ProcessTable = {
      lifeOf: () => Promise.resolve('another life'),
      membersOf: () => Promise.resolve([4_242]),
      withEnvironment: () => Promise.resolve([]),
      signal: (pid) => signals.push(pid) > 0,
    };
    const { signal } = new AbortController();
    await stopConfirmed(reused, systemClock, { leader: { pid: 4_242, life: 'life' }, marks: [], graceMs: 200, signal });
    expect(signals).toEqual([]);
  });

  it('refuses to start beside a stranger on the port of the app', async () => {
    const host = 'crowded';
    const port = await freePort();
    await rig.agent(host, [
      { app: 'hello', group: 'hello-web', port },
      { app: 'other', group: 'other', port },
    ]);
    const first = runOf({ host, release: rig.release({ version: '1.0.0' }) });
    await rig.send(first);
    await owner.final(first.attempt);
    const others = rig.owner('other');
    const second = runOf({ host, release: rig.release({ version: '1.0.0' }), spec: { app: 'other', group: 'other' } });
    await rig.send(second);
    expect((await others.final(second.attempt)).steps.at(-1)).toMatchObject({
      step: 'install',
      ok: false,
      code: 'PORT_IN_USE',
      serving: false,
    });
    await eventually('no process of the other', async () =>
      (await rig.appPids(host, 'other')).length === 0 ? true : undefined,
    );
  });
});
