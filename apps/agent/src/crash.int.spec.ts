import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';

import type { StepName } from '@sluice/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { processTable } from './host/process-table.js';
import { ALL_STEPS, askApp, buildAgent, eventually, firstLine, freePort, type Owner, Rig, runOf } from './rig.suite.js';

let rig: Rig;
let owner: Owner;
let store: Server;
let storeUrl: string;

beforeAll(async () => {
  buildAgent();
  rig = await Rig.start();
  owner = rig.owner();
  // A slow store, so that there is a time in which the download can be killed.
  store = createServer((request, response) => {
    setTimeout(() => createReadStream(`${rig.folder}/artifacts${request.url}`).pipe(response), 400);
  });
  store.listen(0, '127.0.0.1');
  await once(store, 'listening');
  const address = store.address();
  storeUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}, 120_000);
afterAll(async () => {
  store.close();
  await rig.stop();
});

/** The agent has begun the step and has not written its end. */
async function inStep(host: string, attempt: string, step: StepName): Promise<boolean> {
  const mine = (await rig.journal(host)).split('\n').filter((line) => line.includes(JSON.stringify(attempt)));
  return mine.some((line) => line.startsWith('{"t":"began"') && line.includes(`"step":"${step}"`));
}

describe('agent: kill -9 in mid-run', () => {
  it.each(ALL_STEPS)(
    'in %s: after a restart the run ends with one result, and one process of the app lives',
    async (step) => {
      const host = `kill-${step}`;
      const apps = [{ app: 'hello', group: 'hello-web', port: await freePort() }];
      const before = await rig.agentProcess(host, apps);
      const first = runOf({ host, release: rig.release({ version: '1.0.0', ignoreSigterm: true }) });
      await rig.send(first);
      await owner.final(first.attempt);

      const release = rig.release({ version: '2.0.0', healthyAfterMs: 500 });
      const second = runOf({
        host,
        release: { ...release, url: `${storeUrl}/hello-2.0.0.tar.gz` },
        spec: { drainWindowMs: 300, profile: { kind: 'process', command: ['node', 'server.mjs'], stopGraceMs: 400 } },
      });
      expect(await rig.send(second)).toEqual({ ok: true, state: 'accepted' });
      await eventually(`the step ${step}`, async () => ((await inStep(host, second.attempt, step)) ? true : undefined));
      await rig.kill(before);

      await rig.agentProcess(host, apps);
      const repeated = await rig.send(second);
      expect(repeated).toMatchObject({ ok: true, state: 'known' });
      const report = await owner.final(second.attempt);
      expect(report.steps.map(({ step: name, ok }) => [name, ok])).toEqual(ALL_STEPS.map((name) => [name, true]));
      expect(await rig.appPids(host)).toHaveLength(1);
      expect(await askApp(apps[0]?.port ?? 0)).toMatchObject({ version: '2.0.0', host });
      expect(await rig.status(host, second.attempt)).toEqual({ state: 'ended', report });
      const done = (await rig.journal(host))
        .split('\n')
        .filter((line) => line.startsWith('{"t":"done"') && line.includes(second.attempt));
      expect(done).toHaveLength(5);
    },
  );

  it('at any moment of a run: never two processes of the app, never a second result', async () => {
    const host = 'kill-anywhere';
    const apps = [{ app: 'hello', group: 'hello-web', port: await freePort() }];
    let agent = await rig.agentProcess(host, apps);
    for (let round = 1; round <= 6; round += 1) {
      const release = rig.release({ version: `1.0.${round}` });
      const run = runOf({ host, release, spec: { drainWindowMs: 0 } });
      await rig.send(run);
      // No condition to wait for: the point is that the kill comes at another place in each round.
      await new Promise((done) => setTimeout(done, round * 17));
      await rig.kill(agent);
      expect((await rig.appPids(host)).length).toBeLessThanOrEqual(1);
      agent = await rig.agentProcess(host, apps);
      const report = await owner.final(run.attempt);
      expect(report.steps.map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
      expect(await rig.appPids(host)).toHaveLength(1);
      expect(new Set(owner.finals(run.attempt).map((final) => JSON.stringify(final))).size).toBe(1);
    }
  }, 60_000);

  it('between the start of a process and its record: the process ends before its first instruction', async () => {
    const logFile = join(rig.folder, 'gate.log');
    const command = ['sh', '-c', 'echo it ran; sleep 600'];
    const spec = JSON.stringify({
      command,
      cwd: rig.folder,
      env: { PATH: '/usr/bin:/bin', GATE: rig.folder },
      logFile,
    });
    const launching = JSON.stringify(join(import.meta.dirname, '../dist/host/launching.js'));
    const code = `const { launchGated } = await import(${launching}); await launchGated(${spec}); process.kill(process.pid, 'SIGKILL');`;
    const agent = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' });
    const [, signal] = (await once(agent, 'exit')) as [number | null, string | null];
    expect(signal).toBe('SIGKILL');
    await eventually('the end of the gate', async () => {
      const left = await processTable().withEnvironment([`GATE=${rig.folder}`]);
      return left?.length === 0 ? true : undefined;
    });
    expect(await readFile(logFile, 'utf8')).toBe('');
  });

  it('in a script: what is left of it is stopped before it runs again', async () => {
    const host = 'kill-script';
    const apps = [{ app: 'hello', group: 'hello-web' }];
    const agent = await rig.agentProcess(host, apps);
    const count = join(rig.folder, 'script-count');
    const body = `trap '' TERM; echo $$ >> ${count}; [ "$(wc -l < ${count})" -gt 1 ] || while :; do sleep 1; done`;
    const profile = { kind: 'exec' as const, steps: { install: ['sh', '-c', body] }, stepTimeoutMs: 60_000 };
    const run = runOf({ host, release: rig.release({ version: '1.0.0' }), spec: { profile } });
    await rig.send(run);
    const first = await firstLine(count);
    await rig.kill(agent);
    expect(await processTable().lifeOf(Number(first))).toBeDefined();
    await rig.agentProcess(host, apps);
    expect((await owner.final(run.attempt)).steps.map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
    expect(await processTable().lifeOf(Number(first))).toBeUndefined();
    expect((await readFile(count, 'utf8')).trim().split('\n')).toHaveLength(2);
  });

  it('finds its process again after a restart, and SIGTERM of the agent leaves the app alone', async () => {
    const host = 'restarted';
    const apps = [{ app: 'hello', group: 'hello-web', port: await freePort() }];
    let agent = await rig.agentProcess(host, apps);
    const run = runOf({ host, release: rig.release({ version: '1.0.0' }) });
    await rig.send(run);
    await owner.final(run.attempt);
    const pids = await rig.appPids(host);
    for (const end of ['SIGTERM', 'SIGKILL'] as const) {
      const exited = once(agent, 'exit');
      agent.kill(end);
      await exited;
      expect(await rig.appPids(host)).toEqual(pids);
      rig.hellos.length = 0;
      agent = await rig.agentProcess(host, apps);
      await eventually('a hello with the old process', () =>
        rig.lastHello(host)?.apps.find(({ running, serving }) => running === '1.0.0' && serving),
      );
    }
    const probe = runOf({ host, release: rig.release({ version: '1.0.0' }), kind: 'probe', steps: ['probe'] });
    await rig.send(probe);
    expect((await owner.final(probe.attempt)).steps).toMatchObject([{ ok: true }]);
    expect(await rig.appPids(host)).toEqual(pids);
  });

  it('TAR-10 refuses another spec under an attempt that it knows, also after kill -9, whatever part of it differs', async () => {
    const host = 'same-spec';
    const apps = [{ app: 'hello', group: 'hello-web', port: await freePort() }];
    const agent = await rig.agentProcess(host, apps);
    const release = rig.release({ version: '1.0.0' });
    const postStart = { command: ['true'], timeoutMs: 1_000 };
    const profile = { kind: 'process' as const, command: ['node', 'server.mjs'], stopGraceMs: 1_000, postStart };
    const wish = { host, release, spec: { profile, deadlinesMs: { install: 60_000 } } };
    const run = runOf(wish);
    await rig.send(run);
    const report = await owner.final(run.attempt);
    await rig.kill(agent);
    await rig.agentProcess(host, apps);
    const pids = await rig.appPids(host);
    const { sha256, url } = release;
    for (const change of [
      { profile: { ...profile, postStart: { ...postStart, command: ['false'] } } },
      { profile: { ...profile, preStop: postStart } },
      { profile: { ...profile, recreate: true } },
      { deadlinesMs: { install: 60_001 } },
      { artifact: { sha256, url, sources: [{ url: 'https://elsewhere.example/hello.tgz' }] } },
      { drainWindowMs: 21 },
    ]) {
      const changed = runOf({ ...wish, spec: { ...wish.spec, ...change } });
      expect(changed.attempt).toBe(run.attempt);
      expect(await rig.send(changed), JSON.stringify(change)).toMatchObject({ ok: false, code: 'SPEC_CHANGED' });
      expect(await rig.send({ ...changed, specHash: run.specHash })).toMatchObject({ ok: false, code: 'SPEC_CHANGED' });
    }
    expect(await rig.send(run)).toEqual({ ok: true, state: 'known', status: { state: 'ended', report } });
    expect(await rig.appPids(host)).toEqual(pids);
  });

  it('keeps the fencing token and the final report that nobody took', async () => {
    const host = 'kept';
    const apps = [{ app: 'hello', group: 'hello-web', port: await freePort() }];
    const agent = await rig.agentProcess(host, apps);
    owner.answer = () => undefined;
    const run = runOf({ host, release: rig.release({ version: '1.0.0' }), token: 9 });
    await rig.send(run);
    await owner.final(run.attempt);
    await rig.kill(agent);
    const before = owner.finals(run.attempt).length;
    let tries = 0;
    owner.answer = () => {
      tries += 1;
      return tries === 1 ? { ok: false, code: 'BUSY', message: 'later', retry: true } : { ok: true };
    };
    await rig.agentProcess(host, apps);
    await eventually('two more tries', () => (owner.finals(run.attempt).length >= before + 2 ? true : undefined));
    await eventually('the end of it in the journal', async () =>
      (await rig.journal(host)).includes('"t":"settled"') ? true : undefined,
    );
    expect(owner.finals(run.attempt)).toHaveLength(before + 2);
    const late = runOf({ host, release: rig.release({ version: '0.9.0' }), token: 8 });
    expect(await rig.send(late)).toMatchObject({ ok: false, code: 'FENCED' });
    expect(await rig.status(host, late.attempt)).toEqual({ state: 'neverSeen' });
  });
});
