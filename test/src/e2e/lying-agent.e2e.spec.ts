import { readdirSync } from 'node:fs';

import { shardName, shardOfId } from '@sluice/contracts';
import { until } from '@sluice/demo';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EVIL_ARCHIVES, storeArchive } from './support/evil-archives.js';
import { ACCEPTED, FakeAgent } from './support/fake-agent.js';
import { changed, logCounts } from './support/log.js';
import { Site } from './support/site.js';

const HOSTS = ['a-01', 'a-02'] as const;
const FAKES = Array.from({ length: 8 }, (_, i) => `f-0${i + 1}`);
const CASES = { climb: 'a-01', symlink: 'a-02', hardlink: 'a-01', digest: 'a-02' } as const;

let site: Site;

beforeAll(async () => {
  site = await Site.prepare([
    { name: 'shop', app: 'hello', hosts: HOSTS },
    ...Object.entries(CASES).map(([name, host]) => ({ name, app: name, hosts: [host] })),
    { name: 'liars', app: 'hello', hosts: FAKES },
  ]);
  await site.up();
  site.startAgents(HOSTS);
  for (const group of ['shop', ...Object.keys(CASES)])
    await site.api.reach(await site.roll(group, '1.0.0'), 'succeeded');
}, 90_000);
afterAll(() => site.stop(), 30_000);

/** Subjects of the log that have got commits while this was done. */
async function inLog(act: () => Promise<unknown>): Promise<readonly string[]> {
  const before = await logCounts(site.nats);
  await act();
  return changed(before, await logCounts(site.nats));
}

describe('a bad artifact', () => {
  interface Targets {
    readonly items: readonly { readonly host: string; readonly step?: string; readonly code?: string }[];
  }

  const artifactOf = (name: string): object => {
    const bytes = EVIL_ARCHIVES[name];
    if (bytes !== undefined) return storeArchive(bytes, site.path(`${name}.tar`));
    return { ...site.artifacts.release('6.6.6'), sha256: 'cd'.repeat(32) };
  };

  it.each(Object.entries(CASES))(
    '%s: the download fails with a code, and the old version runs on',
    async (name, host) => {
      const id = await site.roll(name, '6.6.6', { artifact: artifactOf(name) });
      await site.api.reach(id, 'failed');
      const targets = await site.api.get<Targets>(`/v1/rollouts/${id}/targets`);
      const code = name === 'digest' ? 'BAD_DIGEST' : 'BAD_ARCHIVE';
      expect(targets?.items).toMatchObject([{ host, step: 'download', code }]);
      expect(await site.runs(host, name)).toBe('1.0.0');
      expect(readdirSync(site.path('hosts', host, 'apps', name, 'releases'))).toEqual(['1.0.0']);
      expect(readdirSync(site.folder, { recursive: true }).filter((path) => String(path).endsWith('evil'))).toEqual([]);
      await site.api.say(id, 'rollback', { reason: 'a bad artifact' });
      await until(`${name} serves again`, async () => {
        const group = await site.api.get<{ serving: number; active: string | null }>(`/v1/groups/${name}`);
        return group?.serving === 1 && group.active === null ? true : undefined;
      });
      expect(await site.runs(host, name)).toBe('1.0.0');
    },
  );
});

describe('an agent that lies', () => {
  let agents: readonly FakeAgent[];
  let rollout: string;
  const agentOf = (host: string): FakeAgent => agents.find((agent) => agent.host === host) as FakeAgent;

  beforeAll(() => {
    agents = FAKES.map((host) => new FakeAgent(site.nats, host));
  });

  /** What is recorded of the hosts, beyond that they were given a run. */
  const stepEvents = async (): Promise<readonly unknown[]> =>
    (await site.api.events(rollout)).filter(({ type }) => /^(Step|Target(?!sAdmitted))/.test(type));

  it('by answering garbage to its run, or for another host, is asked again, and nothing is recorded', async () => {
    const garbage = ['', '{"ok":"yes"}', '{"ok":true,"state":"known","status":{"state":"ended"}}', 'x'.repeat(900_000)];
    for (const agent of agents) agent.answer = () => garbage[agent.runs.length % garbage.length] ?? '';
    const [forger, ...others] = agents as readonly [FakeAgent, FakeAgent];
    forger.answer = () => {
      const report = { ...others[0].forgedFrom(forger.run), target: forger.run.target + 1 };
      return JSON.stringify({ ok: true, state: 'known', status: { state: 'ended', report } });
    };
    rollout = await site.roll('liars', '1.0.0', { gates: ['settled'] });
    await until('three hosts were asked thrice', async () =>
      others.filter(({ runs }) => runs.length >= 3).length === 3 ? true : undefined,
    );
    expect((await stepEvents()).length).toBe(0);
    expect(site.output('up')).toContain('an agent could not be asked');
    expect(site.output('up')).toContain('an agent answered for another host');
    for (const agent of agents) agent.answer = () => ACCEPTED;
  });

  it('in its reports gets a code for each lie, and nothing is recorded', async () => {
    const [liar, other] = agents as readonly [FakeAgent, FakeAgent];
    const honest = liar.report(['drain']);
    const { attempt, token, n, target } = honest;
    const ok = (step: string) => ({ step, ok: true, ms: 1 });
    const failed = { step: 'drain', ok: false, ms: 1, code: 'X', message: 'x', serving: true };
    const shard = shardName((Number(shardOfId(rollout)) + 1) % 16);
    const unknownRollout = rollout.slice(0, -1) + (rollout.endsWith('Z') ? 'Y' : 'Z');
    const chain = ['drain', 'download', 'install', 'verify', 'enable'];
    const lies: readonly (readonly [what: string, code: string, report: unknown, as?: object])[] = [
      ['no JSON', 'BAD_MESSAGE', '{'],
      ['no report', 'BAD_MESSAGE', '{}'],
      ['a step of no chain', 'BAD_MESSAGE', { ...honest, steps: [ok('reboot')] }],
      ['nine steps', 'BAD_MESSAGE', { ...honest, steps: Array(9).fill(ok('drain')) }],
      ['a failure without a reason', 'BAD_MESSAGE', { ...honest, steps: [{ step: 'drain', ok: false, ms: 1 }] }],
      ["on another host's subject", 'BAD_REPORT', honest, { host: other.host }],
      ["in another host's name", 'BAD_REPORT', { ...honest, host: other.host }, { host: other.host }],
      ["in another host's name on its own subject", 'BAD_REPORT', other.report(['drain'])],
      ["of another shard's rollout", 'BAD_REPORT', honest, { shard }],
      ['of no rollout', 'STALE_ATTEMPT', { ...honest, rollout: unknownRollout }],
      ['of no target', 'BAD_REPORT', { ...honest, target: 999 }],
      ["of another host's target", 'BAD_REPORT', { ...honest, target: other.run.target }],
      ['steps out of order', 'BAD_REPORT', { ...honest, steps: [ok('install')] }],
      ['a step twice', 'BAD_REPORT', { ...honest, steps: [ok('drain'), ok('drain')] }],
      ['a step after a failure', 'BAD_REPORT', { ...honest, steps: [failed, ok('download')] }],
      ['final too early', 'BAD_REPORT', { ...honest, final: true }],
      ['final with nothing', 'BAD_REPORT', { ...honest, final: true, steps: [] }],
      ['more than was asked for', 'BAD_REPORT', { ...honest, steps: [...chain, 'enable'].map(ok) }],
      ['an attempt never given', 'BAD_REPORT', { ...honest, n: n + 1, attempt: attempt.replace(/\d+$/, '2') }],
      ['the name of an attempt never given', 'BAD_REPORT', { ...honest, attempt: attempt.replace(/\d+$/, '2') }],
      ["the name of another host's attempt", 'BAD_REPORT', { ...honest, attempt: other.run.attempt }],
      ['a name that is none', 'BAD_REPORT', { ...honest, attempt: '../..' }],
      ['an enabling that nobody ordered', 'STALE_ATTEMPT', { ...honest, kind: 'enable', steps: [ok('enable')] }],
      ['an old token', 'FENCED', { ...honest, token: token - 1 }],
      ['a token to come', 'FENCED', { ...honest, token: token + 1 }],
    ];
    const surprises: string[] = [];
    const subjects = await inLog(async () => {
      for (const [what, code, report, as] of lies) {
        const answer = await liar.send(report, as);
        if (answer.ok || answer.code !== code || answer.retry || answer.message.length < 10)
          surprises.push(`${what} (target ${target}): wanted ${code}, got ${JSON.stringify(answer)}`);
      }
    });
    expect(surprises).toEqual([]);
    expect(subjects).toEqual([]);
  });

  it('is believed as soon as it tells the truth: the rollout ends', async () => {
    await until('all hosts have reported', async () => {
      for (const agent of agents.filter(({ runs }) => runs.length > 0)) await agent.send(agent.report());
      return (await site.api.rollout(rollout))?.state === 'succeeded' ? true : undefined;
    });
    expect(agentOf('f-08').runs.length).toBeGreaterThan(0);
    await site.api.reach(await site.roll('shop', '2.0.0'), 'succeeded');
    expect(await Promise.all(HOSTS.map((host) => site.runs(host, 'hello')))).toEqual(['2.0.0', '2.0.0']);
  });
});
