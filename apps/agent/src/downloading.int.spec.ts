import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';

import { sha256 } from '@sluice/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { buildAgent, eventually, freePort, type Owner, Rig, runOf } from './rig.suite.js';

let rig: Rig;
let owner: Owner;
const servers: Server[] = [];
beforeAll(async () => {
  buildAgent();
  rig = await Rig.start();
  owner = rig.owner();
}, 120_000);
afterAll(async () => {
  for (const server of servers) server.close();
  await rig.stop();
});

/** Serves one file with ranges; holds the connection after `holdAt` bytes of the first answer. */
async function store(bytes: Buffer, holdAt = Infinity): Promise<{ readonly url: string; readonly ranges: unknown[] }> {
  const ranges: unknown[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(from > 0 ? 206 : 200, {
      etag: '"one"',
      'content-length': bytes.length - from,
      ...(from > 0 ? range : {}),
    });
    if (ranges.length === 1 && holdAt < bytes.length) response.write(bytes.subarray(0, holdAt));
    else response.end(bytes.subarray(from));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/a.tgz`,
    ranges,
  };
}

describe('agent: downloads of a run', () => {
  it('after kill -9 in the middle of a download the run goes on with the bytes that are there', async () => {
    const host = 'resumer';
    const apps = [{ app: 'hello', group: 'hello-web', port: await freePort() }];
    const release = rig.release({ version: '1.0.0' });
    const bytes = readFileSync(release.file);
    const { url, ranges } = await store(bytes, 3_000);
    const first = await rig.agentProcess(host, apps);
    const run = runOf({ host, release: { ...release, url } });
    await rig.send(run);
    const downloads = join(rig.appDir(host), 'downloads');
    await eventually('half a download', async () => {
      const names = await readdir(downloads).catch(() => []);
      const part = names.find((name) => name.endsWith('.part'));
      return part !== undefined && readFileSync(join(downloads, part)).length === 3_000 ? true : undefined;
    });
    await rig.kill(first);

    await rig.agentProcess(host, apps);
    const report = await owner.final(run.attempt);
    expect(report.steps.map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
    expect(ranges).toEqual([undefined, 'bytes=3000-']);
    expect(sha256(bytes)).toBe(release.sha256);
    expect(await readdir(downloads)).toEqual([]);
  });

  it('TAR-36 reports the source that served and those that did not, and the next attempt has it in its own log', async () => {
    const host = 'sited';
    const port = await freePort();
    await rig.agent(host, [{ app: 'hello', group: 'hello-web', port }], { site: 'fra' });
    const release = rig.release({ version: '1.1.0' });
    const near = await store(readFileSync(release.file));
    const sources = [
      { site: 'ams', url: 'http://127.0.0.1:1/ams' },
      { url: near.url },
      { site: 'fra', url: 'http://ana:secret@127.0.0.1:1/fra?sig=secret' },
    ];
    const run = runOf({ host, release, spec: { artifact: { url: release.url, sha256: release.sha256, sources } } });
    await rig.send(run);
    const report = await owner.final(run.attempt);
    const download = report.steps.find(({ step }) => step === 'download');
    expect(download).toMatchObject({
      ok: true,
      source: near.url,
      fellBack: [{ url: 'http://127.0.0.1:1/fra', code: 'DOWNLOAD_FAILED' }],
    });
    expect(JSON.stringify(report)).not.toContain('secret');
    const output = await rig.output(run, 'download');
    expect(output).toEqual({
      ok: true,
      text: `http://127.0.0.1:1/fra did not serve: DOWNLOAD_FAILED\nfetched from ${near.url}\n`,
      truncated: false,
    });

    const gone = sources.map(({ url, ...rest }) => ({ ...rest, url: url.replace(/:\d{2,}/, ':1') }));
    const artifact = { url: 'file:///nowhere/a.tgz', sha256: 'ab'.repeat(32), sources: gone };
    const second = runOf({ host, release: rig.release({ version: '1.1.1' }), spec: { artifact } });
    await rig.send(second);
    const failed = (await owner.final(second.attempt, 20_000)).steps.at(-1);
    expect(failed).toMatchObject({ step: 'download', ok: false, code: 'DOWNLOAD_REFUSED' });
    expect(failed?.fellBack?.map(({ code }) => code)).toEqual([
      'DOWNLOAD_FAILED',
      'DOWNLOAD_FAILED',
      'DOWNLOAD_REFUSED',
    ]);
    expect(failed?.source).toBeUndefined();
  });
});
