import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Profile, type StepName, type StepSpec, SUBJECTS } from '@sluice/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { processTable } from './host/process-table.js';
import { askApp, freePort, type Owner, Rig, runOf } from './rig.suite.js';

let rig: Rig;
let owner: Owner;
let silent: Server;
let silentUrl: string;
beforeAll(async () => {
  rig = await Rig.start();
  owner = rig.owner();
  silent = createServer((_, response) => void response.writeHead(200, { 'content-length': 10 }).write('x'));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  silentUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/x`;
});
afterAll(async () => {
  silent.closeAllConnections();
  silent.close();
  await rig.stop();
});

const process = (more: object): Partial<StepSpec> => ({
  profile: { kind: 'process', command: ['node', 'server.mjs'], stopGraceMs: 60_000, ...more },
});
const hanging = `trap '' TERM; echo begun; sleep 600 & sleep 601`;
const exec: Profile = {
  kind: 'exec',
  steps: { install: ['true'], verify: ['sh', '-c', hanging] },
  stepTimeoutMs: 600_000,
};

describe('agent: deadlines of steps', () => {
  it.each<readonly [StepName, Partial<StepSpec>]>([
    ['drain', { drainWindowMs: 600_000 }],
    ['download', { artifact: { url: 'silent', sha256: 'ab'.repeat(32) } }],
    ['install', process({ postStart: { command: ['sh', '-c', hanging], timeoutMs: 600_000 } })],
    ['verify', { profile: exec }],
  ])(
    'a %s that takes longer than its own deadline fails with STEP_TIMEOUT, and nothing of it lives on',
    async (step, spec) => {
      const host = `late-${step}`;
      await rig.agent(host, [{ app: 'hello', group: 'hello-web', port: await freePort() }]);
      const artifact = spec.artifact === undefined ? {} : { artifact: { ...spec.artifact, url: silentUrl } };
      const run = runOf({
        host,
        release: rig.release({ version: '1.0.0' }),
        spec: { ...spec, ...artifact, deadlinesMs: { [step]: 500 } },
      });
      await rig.send(run);
      const failed = (await owner.final(run.attempt)).steps.at(-1);
      expect(failed).toMatchObject({
        step,
        ok: false,
        code: 'STEP_TIMEOUT',
        message: `${step} took longer than 500 ms and was ended`,
        serving: false,
      });
      expect(failed?.ms).toBeGreaterThanOrEqual(490);
      const left = (await processTable().withEnvironment([`SLUICE_ATTEMPT=${run.attempt}`])) ?? [];
      const commands = await Promise.all(left.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8')));
      expect(commands.filter((command) => command.includes('sleep'))).toEqual([]);
      // The next attempt finds the app free.
      expect(await rig.send(runOf({ host, release: rig.release({ version: '1.0.0' }), n: 2 }))).toMatchObject({
        ok: true,
      });
    },
  );

  it('an old process that stops too slowly is left to its end: the next attempt confirms it before it starts another', async () => {
    const host = 'late-stop';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }]);
    const stubborn = runOf({ host, release: rig.release({ version: '1.0.0', ignoreSigterm: true }) });
    await rig.send(stubborn);
    await owner.final(stubborn.attempt);
    const late = runOf({
      host,
      release: rig.release({ version: '2.0.0' }),
      spec: { ...process({}), deadlinesMs: { install: 300 } },
    });
    await rig.send(late);
    const report = await owner.final(late.attempt);
    expect(report.steps.at(-1)).toMatchObject({ step: 'install', ok: false, code: 'STEP_TIMEOUT', serving: false });
    expect(await askApp(port)).toMatchObject({ version: '1.0.0' });
    const again = runOf({
      host,
      release: rig.release({ version: '2.0.0' }),
      n: 2,
      spec: process({ stopGraceMs: 200 }),
    });
    await rig.send(again);
    expect((await owner.final(again.attempt)).steps.every(({ ok }) => ok)).toBe(true);
    expect(await rig.appPids(host)).toHaveLength(1);
  });
});

describe('agent: output of steps on request', () => {
  it('MOM-06 TRS-15 tells what each step of each attempt wrote, the last 64 KiB of it, and forgets the oldest', async () => {
    const host = 'telling';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }]);
    const good = runOf({ host, release: rig.release({ version: '1.0.0' }) });
    await rig.send(good);
    await owner.final(good.attempt);
    expect(await rig.output(good, 'install')).toMatchObject({ ok: true, truncated: false });
    const verified = await rig.output(good, 'verify');
    expect(verified).toEqual({ ok: true, text: `hello 1.0.0 listens on ${port}\n`, truncated: false });

    const noisy = await rig.packed('2.0.0', {
      'server.mjs': `process.stdout.write('ä'.repeat(50_000) + '\\n', () => process.exit(3));`,
    });
    const bad = runOf({ host, release: noisy });
    await rig.send(bad);
    expect((await owner.final(bad.attempt)).steps.at(-1)).toMatchObject({ step: 'verify', code: 'PROCESS_EXITED' });
    const output = await rig.output(bad, 'verify');
    expect(output).toMatchObject({ ok: true, truncated: true });
    const text = output.ok ? output.text : '';
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(64 * 1024);
    expect(text.slice(0, 100)).toBe('ä'.repeat(100));
    expect(text).toContain('PROCESS_EXITED: the process exited with code 3');

    expect(await rig.output({ ...good, n: 9 }, 'install')).toMatchObject({ ok: false, code: 'NO_OUTPUT' });
    for (const odd of [{}, { rollout: '../../x' }, { n: 0 }, { step: 'other' }]) {
      const reply = await rig.nats.request(
        SUBJECTS.agentOutput(host),
        JSON.stringify({ v: 1, rollout: good.rollout, step: 'install', n: 1, ...(odd as object), more: 1 }),
      );
      expect(reply.json()).toMatchObject({ ok: false, code: 'BAD_QUERY' });
    }

    const steps = join(rig.appDir(host), 'steps');
    for (let n = 2; n <= 40; n += 1) {
      const probe = runOf({ host, release: rig.release({ version: '1.0.0' }), n, kind: 'probe', steps: ['probe'] });
      const enable = runOf({ host, release: rig.release({ version: '1.0.0' }), n, kind: 'enable', steps: ['enable'] });
      for (const run of [probe, enable]) {
        await rig.send(run);
        await owner.final(run.attempt);
      }
    }
    expect((await readdir(steps)).length).toBe(64);
    expect(await rig.output(good, 'drain')).toMatchObject({ ok: false, code: 'NO_OUTPUT' });
  });
});
