import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ExecProfile } from '@sluice/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { processTable } from '../host/process-table.js';
import { ALL_STEPS, eventually, firstLine, type Owner, Rig, type RunWish, runOf } from '../rig.suite.js';

let rig: Rig;
let owner: Owner;
beforeAll(async () => {
  rig = await Rig.start();
  owner = rig.owner();
});
afterAll(() => rig.stop());

async function script(name: string, body: string): Promise<readonly string[]> {
  const file = join(rig.folder, name);
  await writeFile(file, `#!/bin/sh\n${body}\n`);
  await chmod(file, 0o755);
  return [file];
}

const exec = (steps: ExecProfile['steps'], stepTimeoutMs = 5_000): { readonly profile: ExecProfile } => ({
  profile: { kind: 'exec', steps, stepTimeoutMs },
});

async function roll(wish: RunWish) {
  const run = runOf(wish);
  expect(await rig.send(run)).toMatchObject({ ok: true });
  return { run, report: await owner.final(run.attempt) };
}

describe('agent: exec profile', () => {
  it('runs the scripts of each step with what they need, and fetches the artifact itself', async () => {
    const host = 'scripts';
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', env: { COLOUR: 'blue' } }]);
    const said = join(rig.folder, 'said');
    const say = await script(
      'say',
      `echo "$SLUICE_STEP $SLUICE_APP $SLUICE_GROUP $SLUICE_VERSION $SLUICE_HOST $COLOUR \${1:--} $(test -f "$SLUICE_ARTIFACT" && echo here || echo gone)" >> ${said}`,
    );
    const steps = { drain: say, install: [...say, 'arg'], verify: say, enable: say };
    const { report } = await roll({ host, release: rig.release({ version: '1.0.0' }), spec: exec(steps) });
    expect(report.steps.map(({ step, ok }) => [step, ok])).toEqual(ALL_STEPS.map((step) => [step, true]));
    expect((await readFile(said, 'utf8')).trim().split('\n')).toEqual([
      'drain hello hello-web 1.0.0 scripts blue - gone',
      'install hello hello-web 1.0.0 scripts blue arg here',
      'verify hello hello-web 1.0.0 scripts blue - here',
      'enable hello hello-web 1.0.0 scripts blue - here',
    ]);
    const hello = await eventually('a hello of it', () => rig.lastHello(host)?.apps.find(({ serving }) => serving));
    expect(hello).toMatchObject({ running: '1.0.0', localVersions: ['1.0.0'], endpoint: null });
  });

  it('tells the exit code and the last line, and keeps the last 64 KiB', async () => {
    const host = 'failing';
    await rig.agent(host, [{ app: 'hello', group: 'hello-web' }]);
    const install = await script(
      'noisy',
      `i=0; while [ $i -lt 3000 ]; do echo "line $i of some output that fills the log"; i=$((i+1)); done; echo 'no space left' >&2; echo; exit 3`,
    );
    const { run, report } = await roll({ host, release: rig.release({ version: '1.0.0' }), spec: exec({ install }) });
    expect(report.steps.at(-1)).toMatchObject({
      step: 'install',
      ok: false,
      code: 'SCRIPT_FAILED',
      message: 'the install script ended with exit code 3: no space left',
      serving: false,
    });
    const kept = await rig.output(run, 'install');
    expect(kept).toMatchObject({ ok: true, truncated: true });
    const text = kept.ok ? kept.text : '';
    expect(text).toHaveLength(64 * 1024);
    expect(text).toContain('line 2999');
    expect(text.trimEnd().split('\n').at(-1)).toBe(
      'SCRIPT_FAILED: the install script ended with exit code 3: no space left',
    );
    expect(rig.lastHello(host)?.apps[0]?.running ?? null).toBeNull();
  });

  it('ends all of a script that overruns its time', async () => {
    const host = 'slow';
    await rig.agent(host, [{ app: 'hello', group: 'hello-web' }]);
    const install = await script('endless', `trap '' TERM; echo begun; sleep 600 & sleep 601`);
    const { run, report } = await roll({
      host,
      release: rig.release({ version: '1.0.0' }),
      spec: exec({ install }, 300),
    });
    expect(report.steps.at(-1)).toMatchObject({
      step: 'install',
      ok: false,
      code: 'SCRIPT_TIMEOUT',
      message: 'the install script was stopped after 300 ms: begun',
    });
    expect(await processTable().withEnvironment([`SLUICE_ATTEMPT=${run.attempt}`])).toEqual([]);
  });

  it('does not wait for a service that a script leaves behind', async () => {
    const host = 'daemon';
    await rig.agent(host, [{ app: 'hello', group: 'hello-web' }]);
    const pidFile = join(rig.folder, 'daemon.pid');
    const install = await script('daemon', `sleep 600 & echo $! > ${pidFile}`);
    const { report } = await roll({ host, release: rig.release({ version: '1.0.0' }), spec: exec({ install }) });
    expect(report.steps.map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
    const pid = Number(await readFile(pidFile, 'utf8'));
    expect(await processTable().lifeOf(pid)).toBeDefined();
    process.kill(pid, 'SIGKILL');
  });

  it('refuses a script that is not there and goes no further', async () => {
    const host = 'missing';
    await rig.agent(host, [{ app: 'hello', group: 'hello-web' }]);
    const { report } = await roll({
      host,
      release: rig.release({ version: '1.0.0' }),
      spec: exec({ install: ['/nowhere/install'] }),
    });
    expect(report.steps.at(-1)).toMatchObject({ step: 'install', ok: false, code: 'LAUNCH_FAILED' });
    await expect(stat(join(rig.appDir(host), 'current'))).rejects.toThrow('ENOENT');
  });

  it('does a script again after the agent was stopped in its middle, never two at once', async () => {
    const host = 'again';
    const apps = [{ app: 'hello', group: 'hello-web' }];
    const agent = await rig.agent(host, apps);
    const count = join(rig.folder, 'count');
    const install = await script('counted', `echo x >> ${count}; [ "$(wc -l < ${count})" -gt 1 ] || sleep 600`);
    const run = runOf({ host, release: rig.release({ version: '1.0.0' }), spec: exec({ install }, 60_000) });
    await rig.send(run);
    await firstLine(count);
    await agent.stop();
    expect(await processTable().withEnvironment([`SLUICE_ATTEMPT=${run.attempt}`])).toEqual([]);
    await rig.agent(host, apps);
    expect((await owner.final(run.attempt)).steps.map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
    expect(await readFile(count, 'utf8')).toBe('x\nx\n');
  });
});
