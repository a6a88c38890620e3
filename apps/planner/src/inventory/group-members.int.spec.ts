import { parseMembersPage, parseMembersQuery, SUBJECTS } from '@sluice/contracts';
import { connectNats, requestJson, serveJson, silentLog } from '@sluice/messaging';
import { startNatsServer, VirtualClock } from '@sluice/testing';
import { expect, it } from 'vitest';

import { GroupMembers } from './group-members.js';
import { InventoryStore } from './store.js';

const profile = { kind: 'process', command: ['node', 'server.js'], stopGraceMs: 1_000 } as const;
const arm = { ...profile, command: ['node', 'arm.js'] } as const;

it(
  'TRS-13 a planner tells the members of a large group in pages, and who does not fit the plan',
  { timeout: 60_000 },
  async () => {
    const server = await startNatsServer();
    const nats = await connectNats({ servers: server.url, name: 'members test' });
    const store = new InventoryStore();
    const clock = new VirtualClock();
    const hosts = Array.from({ length: 2_400 }, (_, i) => ({ host: `web-${String(i).padStart(6, '0')}` }));
    const odd = [
      { host: 'x-arm', labels: { arch: 'arm' } },
      { host: 'x-down', down: true },
    ];
    const profiles = [{ labels: { arch: 'arm' }, profile: arm }];
    const group = { name: 'web', app: 'shop', environment: 'production', profile, profiles } as const;
    store.define(
      'api',
      { group, members: [...hosts.toReversed(), ...odd], version: undefined },
      'replace',
      clock.now(),
    );
    const members = new GroupMembers({ inventory: store, clock });
    const subject = SUBJECTS.command('members');
    const service = serveJson(nats, subject, (query) => members.page(query), {
      ...{ parse: parseMembersQuery, log: silentLog },
    });
    const ask = async (more: object = {}) => {
      const query = { v: 1, group: 'web', app: 'shop', profile, ...more };
      const asked = await requestJson(nats, subject, query, { timeoutMs: 30_000, parse: parseMembersPage });
      if (asked.kind !== 'answer') throw new Error(asked.kind);
      return asked.value;
    };
    const found: string[] = [];
    const unfit: string[] = [];
    for (let after: string | undefined, more = true; more;) {
      const page = await ask(after === undefined ? {} : { after });
      if (!page.ok) throw new Error(page.message);
      expect(page.members.length).toBeLessThanOrEqual(1_000);
      for (const member of page.members) (member.unfit === undefined ? found : unfit).push(member.host);
      after = page.members.at(-1)?.host;
      more = page.more;
    }
    expect(found).toEqual(hosts.map(({ host }) => host));
    expect(unfit).toEqual(['x-arm', 'x-down']);
    const withArm = await ask({ profiles: [arm], after: 'web-002399' });
    expect(withArm).toMatchObject({ ok: true, members: [{ host: 'x-arm', profile: 0 }, { unfit: 'it is down' }] });
    expect(await ask({ group: 'nobody' })).toMatchObject({ ok: false, code: 'GROUP_UNKNOWN' });
    expect(await ask({ profile: 7 })).toMatchObject({ ok: false, code: 'BAD_MESSAGE' });
    await service.stop();
    await nats.close();
    await server.stop();
  },
);
