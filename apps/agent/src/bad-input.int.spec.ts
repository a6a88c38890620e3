import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { sha256, SUBJECTS } from '@sluice/contracts';
import { systemClock } from '@sluice/observability';
import { Header } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { askApp, freePort, type Owner, Rig, runOf } from './rig.suite.js';

const host = 'web-01';
let rig: Rig;
let owner: Owner;
let port: number;
beforeAll(async () => {
  rig = await Rig.start();
  owner = rig.owner();
  port = await freePort();
  await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }]);
  const run = runOf({ host, release: rig.release({ version: '1.0.0' }), token: 3 });
  await rig.send(run);
  await owner.final(run.attempt);
});
afterAll(() => rig.stop());

/** Everything that the agent remembers of itself and of its app. */
async function memory(): Promise<unknown> {
  return {
    journal: await rig.journal(host),
    state: await readFile(join(rig.appDir(host), 'state.json'), 'utf8'),
    releases: await readdir(join(rig.appDir(host), 'releases')),
    pids: await rig.appPids(host),
  };
}

describe('agent: hostile input', () => {
  it('answers each bad run with a typed refusal and changes nothing', async () => {
    const before = await memory();
    const good = runOf({ host, release: rig.release({ version: '2.0.0' }), token: 3 });
    const bad: readonly (readonly [string | Uint8Array, string])[] = [
      ['', 'BAD_RUN'],
      ['{"v":1', 'BAD_RUN'],
      ['null', 'BAD_RUN'],
      [Uint8Array.from([0xff, 0xfe, 0x00]), 'BAD_RUN'],
      ['x'.repeat(900_000), 'BAD_RUN'],
      [`${'['.repeat(50_000)}${']'.repeat(50_000)}`, 'BAD_RUN'],
      [JSON.stringify({ ...good, v: 2 }), 'BAD_RUN'],
      [JSON.stringify({ ...good, extra: true }), 'BAD_RUN'],
      [JSON.stringify({ ...good, attempt: '../../x' }), 'BAD_RUN'],
      [JSON.stringify({ ...good, n: 2 }), 'BAD_RUN'],
      [JSON.stringify({ ...good, host: 'web-02' }), 'WRONG_HOST'],
      [JSON.stringify({ ...good, token: 2 }), 'FENCED'],
      [JSON.stringify({ ...good, spec: { ...good.spec, version: '2.0.1' } }), 'SPEC_CHANGED'],
      [JSON.stringify({ ...good, steps: ['install', 'drain'] }), 'SPEC_CHANGED'],
      [
        JSON.stringify(runOf({ host, release: { ...rig.release({ version: '2.0.0' }), version: '../..' }, token: 3 })),
        'BAD_RUN',
      ],
      [
        JSON.stringify(runOf({ host, release: rig.release({ version: '2.0.0' }), token: 3, spec: { app: 'other' } })),
        'BAD_RUN',
      ],
      [
        JSON.stringify(
          runOf({ host, release: rig.release({ version: '1.0.0' }), token: 3, spec: { drainWindowMs: 1 } }),
        ),
        'SPEC_CHANGED',
      ],
    ];
    for (const [payload, code] of bad) {
      const reply = await rig.sendRaw(host, payload);
      expect(reply, String(payload).slice(0, 60)).toMatchObject({ ok: false, code });
    }
    rig.nats.publish(SUBJECTS.agentRun(host), JSON.stringify(good));
    for (const payload of ['', '{}', '{"v":1}', '{"v":1,"attempt":""}']) {
      const reply = await rig.nats.request(SUBJECTS.agentStatus(host), payload, { timeout: 2_000 });
      expect(reply.json()).toMatchObject({ ok: false, code: 'BAD_RUN' });
    }
    expect(await memory()).toEqual(before);
    expect(await askApp(port)).toMatchObject({ version: '1.0.0' });
  });

  it('refuses a wrong digest, and an archive that climbs or links, with the old version still running', async () => {
    const { url } = rig.release({ version: '2.0.0' });
    const header = (data: object): Buffer => {
      const block = Buffer.alloc(512);
      new Header({ path: 'x', type: 'File', size: 0, mode: 0o644, ...data }).encode(block);
      return Buffer.concat([block, Buffer.alloc(1_024)]);
    };
    const evil = async (name: string, data: object) => {
      const bytes = header(data);
      const file = join(rig.folder, name);
      await writeFile(file, bytes);
      return { url: pathToFileURL(file).href, sha256: sha256(bytes) };
    };
    const cases = [
      ['BAD_DIGEST', { url, sha256: 'cd'.repeat(32) }],
      ['BAD_ARCHIVE', await evil('climb.tar', { path: '../../evil' })],
      ['BAD_ARCHIVE', await evil('link.tar', { path: 'l', type: 'SymbolicLink', linkpath: '/etc' })],
      ['BAD_ARCHIVE', await evil('own.tar', { path: '.sluice-release.json' })],
    ] as const;
    const pids = await rig.appPids(host);
    let n = 10;
    for (const [code, artifact] of cases) {
      n += 1;
      const run = runOf({ host, release: { version: '6.6.6', ...artifact }, token: 3, n });
      await rig.send(run);
      const report = await owner.final(run.attempt);
      expect(report.steps.at(-1), code).toMatchObject({ step: 'download', ok: false, code, serving: false });
      expect(report.steps).toHaveLength(2);
      expect(await readdir(join(rig.appDir(host), 'releases'))).toEqual(['1.0.0']);
      expect(await readdir(join(rig.appDir(host), 'tmp'))).toEqual([]);
    }
    expect(await rig.appPids(host)).toEqual(pids);
    expect(await askApp(port)).toMatchObject({ version: '1.0.0' });
  });

  it('fetches ahead of the drain without taking the app out of service, and says so when that fails', async () => {
    const enable = runOf({
      host,
      release: rig.release({ version: '1.0.0' }),
      kind: 'enable',
      steps: ['enable'],
      token: 3,
    });
    await rig.send(enable);
    await owner.final(enable.attempt);
    const bad = runOf({
      host,
      release: { version: '6.6.7', url: 'file:///nowhere', sha256: 'cd'.repeat(32) },
      steps: ['download'],
      token: 3,
    });
    await rig.send(bad);
    expect((await owner.final(bad.attempt)).steps).toMatchObject([
      { ok: false, code: 'DOWNLOAD_REFUSED', serving: true },
    ]);
  });

  it('lets no second agent into the folder of one that runs', async () => {
    await expect(rig.agent(host, [], { clock: systemClock })).rejects.toMatchObject({ code: 'AGENT_RUNNING' });
  });
});
