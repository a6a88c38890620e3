import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { RunReport, StepSpec } from '@sluice/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { PackedRelease } from '../../../../examples/hello/pack.mjs';
import type { AppConfig } from '../app/app-host.js';
import { processTable } from '../host/process-table.js';
import { ALL_STEPS, askApp, buildAgent, eventually, freePort, type Owner, Rig, runOf } from '../rig.suite.js';
import { AGENT_VERSION } from '../version.js';

const ROOT = resolve(import.meta.dirname, '../../../..');
const MAIN = join(ROOT, 'apps/agent/dist/main.js');

let rig: Rig;
let owner: Owner;
let agents: Owner;
const supervisors: ChildProcess[] = [];
beforeAll(async () => {
  buildAgent();
  rig = await Rig.start();
  owner = rig.owner();
  agents = rig.owner('agents');
}, 120_000);
afterAll(async () => {
  await Promise.all(supervisors.map(end));
  await rig.stop();
});

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

const appsOf = (port: number): readonly AppConfig[] => [
  { app: 'hello', group: 'hello-web', port },
  { app: 'sluice-agent', group: 'agents' },
];

/** `node main.js --supervise <file>`, as the systemd unit runs it. */
async function supervise(host: string, apps: readonly AppConfig[]): Promise<ChildProcess> {
  const file = join(rig.folder, `${host}.json`);
  const config = { host, apps, dataDir: rig.dataDir(host), nats: rig.server.url, helloInterval: '200ms' };
  await writeFile(file, JSON.stringify(config));
  const child = spawn(process.execPath, [MAIN, '--supervise', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { SLUICE_LOG_LEVEL: 'silent' },
  });
  supervisors.push(child);
  await eventually(`the agent of ${host}`, () => rig.tryStatus(host, 'none'));
  return child;
}

interface Upgrade {
  readonly host: string;
  readonly release: PackedRelease;
  readonly n?: number;
  readonly spec?: Partial<StepSpec>;
}

async function upgrade({ host, release, n = 1, spec = {} }: Upgrade): Promise<RunReport> {
  const run = runOf({
    host,
    release,
    n,
    spec: {
      app: 'sluice-agent',
      group: 'agents',
      profile: { kind: 'process', command: ['node', 'dist/main.js'], stopGraceMs: 5_000, self: true },
      ...spec,
    },
  });
  expect(await rig.send(run)).toEqual({ ok: true, state: 'accepted' });
  return agents.final(run.attempt, 60_000);
}

/** The agent of this checkout under another version, as people pack it. */
function packed(version: string): PackedRelease {
  const ran = spawnSync(process.execPath, ['tools/pack-agent.mjs', version, join(rig.folder, 'agents')], { cwd: ROOT });
  if (ran.status !== 0) throw new Error(String(ran.stderr));
  return JSON.parse(String(ran.stdout)) as PackedRelease;
}

/** A release whose program is this text. */
const broken = (version: string, program: string): Promise<PackedRelease> =>
  rig.packed(version, { 'dist/main.js': program, 'package.json': JSON.stringify({ version, type: 'module' }) });

const agentOf = (host: string): string | undefined => rig.lastHello(host)?.agent.version;
const saysVersion = (host: string, version: string): Promise<true> =>
  eventually(`a hello of agent ${version}`, () => (agentOf(host) === version ? true : undefined));

async function rollHello(host: string, version: string): Promise<readonly number[]> {
  const run = runOf({ host, release: rig.release({ version }) });
  await rig.send(run);
  expect((await owner.final(run.attempt)).steps.every(({ ok }) => ok)).toBe(true);
  return rig.appPids(host);
}

/** Living agents of a host: the configuration's file is an argument of each. */
async function agentPids(host: string): Promise<readonly number[]> {
  const file = join(rig.folder, `${host}.json`);
  const marked = (await processTable().withEnvironment(['SLUICE_LOG_LEVEL=silent'])) ?? [];
  const lines = await Promise.all(marked.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return marked.filter((_, i) => lines[i]?.includes(`${file}\0--supervised`) === true);
}

describe('agent: an upgrade of the agent by a rollout of its own', () => {
  it('goes through the steps, one agent after the other with the same journal, and rolls back the same way; apps live on', async () => {
    const host = 'upgraded';
    const port = await freePort();
    const supervisor = await supervise(host, appsOf(port));
    await saysVersion(host, AGENT_VERSION);
    const pids = await rollHello(host, '1.0.0');
    const [one, two] = [packed('9.0.0'), packed('9.1.0')];
    for (const [release, n] of [
      [one, 1],
      [two, 1],
      [one, 2],
    ] as const) {
      const report = await upgrade({ host, release, n });
      expect(report.steps.map(({ step, ok }) => [step, ok])).toEqual(ALL_STEPS.map((step) => [step, true]));
      expect(report.steps[1]?.note).toBe(n === 2 ? 'local' : undefined);
      await saysVersion(host, release.version);
      const app = await eventually('a hello with the agent as an app', () =>
        rig.lastHello(host)?.apps.find(({ app: name, serving }) => name === 'sluice-agent' && serving),
      );
      expect(app.running).toBe(release.version);
      expect(await agentPids(host)).toHaveLength(1);
    }
    expect(await rig.appPids(host)).toEqual(pids);
    expect(await rollHello(host, '2.0.0')).not.toEqual(pids);

    const [pid = 0] = await agentPids(host);
    rig.hellos.length = 0;
    process.kill(pid, 'SIGKILL');
    await saysVersion(host, '9.0.0');
    expect(await agentPids(host)).not.toContain(pid);

    await end(supervisor);
    expect(await agentPids(host)).toEqual([]);
    expect(await askApp(port)).toMatchObject({ version: '2.0.0' });
    await supervise(host, appsOf(port));
    await saysVersion(host, '9.0.0');
  }, 120_000);

  it('an agent that cannot run fails install, and the one before it says so and works on', async () => {
    const host = 'brought-back';
    const port = await freePort();
    await supervise(host, appsOf(port));
    const pids = await rollHello(host, '1.0.0');
    const good = await upgrade({ host, release: packed('9.0.0') });
    expect(good.steps.every(({ ok }) => ok)).toBe(true);

    const crashing = await broken('9.2.0', 'process.exit(7);');
    const report = await upgrade({ host, release: crashing });
    expect(report.steps.at(-1)).toMatchObject({
      step: 'install',
      ok: false,
      code: 'HANDOVER_FAILED',
      message: 'the agent 9.2.0 ended with code 7: the one before it runs again',
    });
    await saysVersion(host, '9.0.0');

    const renamed = { ...packed('9.3.0'), version: '9.4.0' };
    const lied = await upgrade({ host, release: renamed });
    expect(lied.steps.at(-1)).toMatchObject({ step: 'verify', ok: false, code: 'VERSION_MISMATCH', serving: false });
    expect(await rig.appPids(host)).toEqual(pids);
  }, 120_000);

  it('an agent that hangs is ended in time, and the one before it says so', async () => {
    const host = 'hung';
    await supervise(host, appsOf(await freePort()));
    const release = await broken('9.5.0', `process.on('SIGTERM', () => process.exit()); setInterval(() => 0, 1e3);`);
    const verify = { path: '/', status: 200, successes: 1, intervalMs: 100, timeoutMs: 500 };
    const report = await upgrade({ host, release, spec: { verify } });
    expect(report.steps.at(-1)).toMatchObject({
      step: 'install',
      code: 'HANDOVER_FAILED',
      message: 'the agent 9.5.0 did not prove itself in time: the one before it runs again',
    });
    expect(await agentPids(host)).toHaveLength(1);
  }, 60_000);

  it('refuses without a supervisor, and an agent whose supervisor was killed ends', async () => {
    const alone = 'alone';
    await rig.agent(alone, appsOf(await freePort()));
    const report = await upgrade({ host: alone, release: packed('9.0.0') });
    expect(report.steps.at(-1)).toMatchObject({ step: 'install', ok: false, code: 'NOT_SUPERVISED' });

    const host = 'orphan';
    const apps = appsOf(await freePort());
    const supervisor = await supervise(host, apps);
    const pids = await rollHello(host, '1.0.0');
    supervisor.kill('SIGKILL');
    await eventually('the end of the agent', async () => ((await agentPids(host)).length === 0 ? true : undefined));
    expect(await rig.appPids(host)).toEqual(pids);
    await supervise(host, apps);
  }, 60_000);
});
