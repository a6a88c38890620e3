import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ProcessProfile } from '@sluice/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { processTable } from './host/process-table.js';
import { askApp, buildAgent, firstLine, freePort, type Owner, Rig, type RunWish, runOf } from './rig.suite.js';

let rig: Rig;
let owner: Owner;
beforeAll(async () => {
  buildAgent();
  rig = await Rig.start();
  owner = rig.owner();
}, 120_000);
afterAll(() => rig.stop());

const profile = (more: Partial<ProcessProfile> = {}): { readonly profile: ProcessProfile } => ({
  profile: { kind: 'process', command: ['node', 'server.mjs'], stopGraceMs: 3_000, ...more },
});

async function roll(wish: RunWish) {
  const run = runOf(wish);
  expect(await rig.send(run)).toMatchObject({ ok: true });
  return { run, report: await owner.final(run.attempt) };
}

/** What a hook script does: says who it is, and whether the app answers just then. */
const asking = (log: string): string =>
  `echo "$SLUICE_HOOK $SLUICE_VERSION $COLOUR $(cat release.json) $(node -e "fetch('http://127.0.0.1:' + process.env.PORT + '/health').then(() => console.log('answers'), () => console.log('silent'))")" >> ${log}; echo done`;

describe('agent: hooks of the process profile', () => {
  it('MOM-07 runs preStop of the old release before its SIGTERM and postStart of the new one before verify, each in its own folder', async () => {
    const host = 'hooked';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }]);
    const log = join(rig.folder, 'hooks.log');
    const hook = { command: ['sh', 'hook.sh'], timeoutMs: 5_000 };
    for (const [version, COLOUR] of [
      ['1.0.0', 'blue'],
      ['2.0.0', 'green'],
    ] as const) {
      const release = await rig.packed(version, { 'hook.sh': asking(log) });
      const wait = version === '1.0.0' ? { command: ['sh', '-c', `sleep 0.3; sh hook.sh`], timeoutMs: 5_000 } : hook;
      const spec = profile({ env: { COLOUR }, preStop: hook, postStart: wait });
      const { run, report } = await roll({ host, release, spec });
      expect(report.steps.map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
      const output = await rig.output(run, 'install');
      expect(output.ok ? output.text : '').toContain('postStart: sh\ndone\n');
    }
    const lines = (await readFile(log, 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe('postStart 1.0.0 blue {"version":"1.0.0"} answers');
    expect(lines[1]).toBe('preStop 1.0.0 blue {"version":"1.0.0"} answers');
    expect(lines[2]).toMatch(/^postStart 2\.0\.0 green \{"version":"2\.0\.0"\}/);
  });

  it('MOM-07 a preStop that fails stops the app all the same, unless it is required: then nothing is stopped', async () => {
    const host = 'unwilling';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }]);
    const refusing = { command: ['sh', '-c', 'echo the registry is down >&2; exit 7'], timeoutMs: 5_000 };
    await roll({ host, release: rig.release({ version: '1.0.0' }), spec: profile({ preStop: refusing }) });
    const required = profile({ preStop: { ...refusing, required: true } });
    const second = await roll({ host, release: rig.release({ version: '2.0.0' }), spec: required });
    expect(second.report.steps.every(({ ok }) => ok)).toBe(true);
    const output = await rig.output(second.run, 'install');
    expect(output.ok ? output.text : '').toContain('the registry is down');

    const pids = await rig.appPids(host);
    const third = await roll({ host, release: rig.release({ version: '3.0.0' }) });
    expect(third.report.steps.at(-1)).toMatchObject({
      step: 'install',
      ok: false,
      code: 'HOOK_FAILED',
      message: 'the preStop hook ended with exit code 7: the registry is down',
    });
    expect(await rig.appPids(host)).toEqual(pids);
    expect(await askApp(port)).toMatchObject({ version: '2.0.0' });
  });

  it.each([
    ['fails', ['sh', '-c', 'echo no; exit 1'], 'the postStart hook ended with exit code 1: no'],
    [
      'overruns',
      ['sh', '-c', "trap '' TERM; echo waits; sleep 60"],
      'the postStart hook was stopped after 400 ms: waits',
    ],
    ['is not there', ['./nothing'], 'the postStart hook could not run: '],
  ])(
    'MOM-07 a postStart that %s fails install with its output, and nothing of it lives on',
    async (how, command, says) => {
      const host = `late-${how.replaceAll(' ', '-')}`;
      await rig.agent(host, [{ app: 'hello', group: 'hello-web', port: await freePort() }]);
      const release = rig.release({ version: '1.0.0' });
      const { report } = await roll({ host, release, spec: profile({ postStart: { command, timeoutMs: 400 } }) });
      const failed = report.steps.at(-1);
      expect(failed).toMatchObject({ step: 'install', ok: false, code: 'HOOK_FAILED', serving: false });
      expect(failed?.message).toContain(says);
      const marks = [`SLUICE_APP_DIR=${rig.appDir(host)}`, 'SLUICE_HOOK=postStart'];
      expect(await processTable().withEnvironment(marks)).toEqual([]);
    },
  );

  it('MOM-07 after kill -9 in postStart the hook runs again, over the same process of the app and never twice at once', async () => {
    const host = 'hook-killed';
    const apps = [{ app: 'hello', group: 'hello-web', port: await freePort() }];
    const agent = await rig.agentProcess(host, apps);
    const count = join(rig.folder, 'hook-count');
    const body = `echo $$ >> ${count}; [ "$(wc -l < ${count})" -gt 1 ] || exec sleep 60`;
    const postStart = { command: ['sh', '-c', body], timeoutMs: 60_000 };
    const run = runOf({ host, release: rig.release({ version: '1.0.0' }), spec: profile({ postStart }) });
    await rig.send(run);
    const hung = await firstLine(count);
    const [app] = (await rig.appPids(host)).filter((pid) => pid !== Number(hung));
    await rig.kill(agent);
    await rig.agentProcess(host, apps);
    expect((await owner.final(run.attempt)).steps.map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
    expect(await rig.appPids(host)).toEqual([app]);
    expect(await processTable().lifeOf(Number(hung))).toBeUndefined();
    expect((await readFile(count, 'utf8')).trim().split('\n')).toHaveLength(2);
  });
});

describe('agent: in place and recreate', () => {
  it('XIM-05 in place keeps the folder of a version that is there, recreate lays it out anew, and downloads for it', async () => {
    const host = 'recreated';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }]);
    const release = rig.release({ version: '1.0.0' });
    const folder = join(rig.appDir(host), 'releases/1.0.0');
    const left = join(folder, 'left-behind');
    await roll({ host, release });
    await writeFile(left, 'by the app');

    const inPlace = await roll({ host, release, n: 2 });
    expect(inPlace.report.steps[1]).toMatchObject({ step: 'download', note: 'local' });
    expect(await readFile(left, 'utf8')).toBe('by the app');

    const pids = await rig.appPids(host);
    const prefetch = await roll({ host, release, n: 3, steps: ['download'], spec: profile({ recreate: true }) });
    expect(prefetch.report.steps).toMatchObject([{ step: 'download', ok: true }]);
    expect(prefetch.report.steps[0]?.note).toBeUndefined();
    // The folder of the process that runs stays as it is until that process is stopped.
    expect(await readFile(left, 'utf8')).toBe('by the app');
    expect(await rig.appPids(host)).toEqual(pids);

    const anew = await roll({ host, release, n: 4, spec: profile({ recreate: true }) });
    expect(anew.report.steps.map(({ ok, note }) => [ok, note])).toEqual(Array(5).fill([true, undefined]));
    await expect(stat(left)).rejects.toThrow('ENOENT');
    expect(await readdir(rig.appDir(host))).not.toContain('staged');
    expect(await askApp(port)).toMatchObject({ version: '1.0.0' });
  });
});
