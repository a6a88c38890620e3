import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { resolveNatsServer } from '@sluice/config';
import { repository } from './fixture.js';

interface Compose {
  readonly services: Record<string, { build?: { args: { APP: string } }; profiles?: string[] }>;
}

const services = ['planner', 'executor', 'health-gate', 'notifier', 'archiver', 'checkpointer', 'gateway'];
const passwords = Object.fromEntries(
  ['CORE', 'AGENTS', 'CLIENTS', 'BOTS', 'AUDIT'].map((account) => [`SLUICE_${account}_PASSWORD`, 'secret']),
);
const configurations = ['single', 'cluster', 'secured'];
const run = (command: string, args: string[], env: Record<string, string> = {}) =>
  spawnSync(command, args, { cwd: repository, encoding: 'utf8', timeout: 15_000, env: { ...process.env, ...env } });

/** Docker's own, or what `node tools/setup/compose.mjs` fetched. */
const compose = [['docker', 'compose'], [join(repository, '.cache', 'docker-compose', 'docker-compose')]].find(
  ([command = '', ...args]) => run(command, [...args, 'version']).status === 0,
);

describe('docker-compose.yml', () => {
  const file = parse(readFileSync(join(repository, 'docker-compose.yml'), 'utf8'), { merge: true }) as Compose;

  it('runs NATS and each service; two more NATS servers, KurrentDB and the checkpointer only where they are asked for', () => {
    expect(Object.keys(file.services).sort()).toEqual(['kurrentdb', 'nats', 'nats-2', 'nats-3', ...services].sort());
    const only = (profile: string): string[] =>
      Object.keys(file.services).filter((name) => file.services[name]?.profiles?.includes(profile));
    expect(only('cluster')).toEqual(['nats-2', 'nats-3']);
    expect(only('kurrentdb')).toEqual(['kurrentdb']);
    // Nothing is signed without a key.
    expect(only('checkpoints')).toEqual(['checkpointer']);
  });

  it.each(services)('builds %s from its package', (name) => {
    expect(file.services[name]?.build?.args.APP).toBe(name);
    expect(existsSync(join(repository, 'apps', name, 'package.json'))).toBe(true);
  });

  it.for<[string, string[]]>([
    ['one NATS server', []],
    ['a cluster', ['--env-file', 'deploy/cluster.env']],
    ['the log on KurrentDB', ['--profile', 'kurrentdb']],
    ['a checkpointer', ['--profile', 'checkpoints']],
  ])('is accepted by docker compose, with %s', ([, options], { skip }) => {
    const [command, ...args] = compose ?? [];
    if (command === undefined) return skip('docker compose is not installed');
    const result = run(command, [...args, ...options, 'config', '--quiet']);
    expect(result.stderr).toBe('');
    expect(result.status).toBe(0);
  });
});

describe.each(configurations)('deploy/nats/%s.conf', (name) => {
  const text = readFileSync(join(repository, 'deploy', 'nats', `${name}.conf`), 'utf8');

  it('has each write on the disk before it is acknowledged', () => {
    expect(text).toMatch(/^ {2}sync_interval: always$/m);
  });

  it('is accepted by nats-server', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-deploy-'));
    const file = join(folder, 'nats.conf');
    writeFileSync(file, text.replace('/data/', `${folder}/`));
    copyFileSync(join(repository, 'deploy', 'nats', 'accounts.conf'), join(folder, 'accounts.conf'));
    const result = run(resolveNatsServer().path, ['-t', '-c', file], { NATS_NAME: 'nats', ...passwords });
    rmSync(folder, { recursive: true });
    expect(result.stderr + result.stdout).toContain('is valid');
    expect(result.status).toBe(0);
  });
});
