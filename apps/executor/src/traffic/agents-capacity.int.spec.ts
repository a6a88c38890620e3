import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import {
  BUCKETS,
  canonicalJson,
  type DeployRequest,
  EMPTY_HEAD,
  encodeToken,
  hashOf,
  type MemberEntry,
  type RequestOutcome,
  rolloutIdOf,
  shardOfGroup,
  STREAMS,
  SUBJECTS,
} from '@sluice/contracts';
import { InMemoryEventLog } from '@sluice/event-log';
import { connectNats, provision } from '@sluice/messaging';
import { newUlid, systemClock } from '@sluice/observability';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { codeOf, eventually } from '../balancer/haproxy.suite.js';
import { planFor } from '../fixtures/world.suite.js';
import { AgentsCapacity } from './agents-capacity.js';
import { KvMembers } from './members.js';
import { NatsRequests } from './nats-requests.js';
import type { SidePlace } from './ports.js';

const artifact = { url: 'file:///shop.tgz', sha256: 'a'.repeat(64) };
const own = { url: 'file:///search.tgz', sha256: 'b'.repeat(64) };
const services: SidePlace['services'] = [
  { name: 'web', groups: { blue: 'web-blue', green: 'web-green' } },
  { name: 'search', groups: { blue: 'search-blue', green: 'search-green' }, app: 'search', artifact: own },
];
const placeOf = (side: 'blue' | 'green'): SidePlace => ({
  ...{ rollout: 'r00-1', group: 'shop', app: 'shop', version: '2.0.0', artifact, side, capacity: 'agents', services },
  role: side === 'green' ? 'new' : 'old',
});

describe('sides of groups of hosts', () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let members: KvMembers;
  let agents: AgentsCapacity;
  const log = new InMemoryEventLog();

  beforeAll(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'capacity test' });
    await provision(nats);
    members = new KvMembers(nats, systemClock);
    agents = new AgentsCapacity(members, new NatsRequests(nats, 500), log, systemClock);
  });

  afterAll(async () => {
    members.stop();
    await nats.close();
    await server.stop();
  });

  const tell = async (group: string, host: string, facts: Partial<MemberEntry>): Promise<void> => {
    const kv = await new Kvm(nats).open(BUCKETS.inventory);
    const entry = { group, app: 'shop', host, lastSeen: Date.now(), ...facts };
    const record = { v: 1, source: 'heartbeat', version: 1, fetchedAt: 1, entry };
    await kv.put(`member.${encodeToken(group)}.${encodeToken(host)}`, JSON.stringify(record));
  };

  const looked = async (side: 'blue' | 'green'): Promise<number[][]> =>
    (await agents.look(placeOf(side))).map(({ desired, created, ready }) => [desired, created, ready]);

  const queued = async (): Promise<number> =>
    (await (await jetstreamManager(nats)).streams.info(STREAMS.requests)).state.messages;

  it('SWB-04 counts who is there, who runs the version, and who of those serves and is heard', async () => {
    expect(await looked('green')).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    await tell('web-blue', 'b1', { running: '1.0.0', serving: true });
    await tell('web-blue', 'b2', { running: '1.0.0', serving: false });
    await tell('web-blue', 'b3', { running: null, down: true });
    await tell('search-blue', 'b1', { running: '1.1.0', serving: true, lastSeen: Date.now() - 100_000 });
    await eventually(async () =>
      expect(await looked('blue')).toEqual([
        [2, 2, 1],
        [1, 1, 0],
      ]),
    );
    for (const group of ['web-green', 'search-green']) await tell(group, 'g1', { running: '1.0.0', serving: true });
    await tell('web-green', 'g2', { running: '2.0.0', serving: true });
    // Nobody has asked for the version there, so it is not said to be wanted.
    await eventually(async () =>
      expect(await looked('green')).toEqual([
        [0, 1, 1],
        [0, 0, 0],
      ]),
    );
  });

  it('SWB-11 scales by an ordinary deployment of each service, which is the same however often it is said', async () => {
    const asked: DeployRequest[] = [];
    const listening = nats.subscribe(SUBJECTS.allDeployRequests, {
      callback: (_error, message) => void asked.push(message.json<DeployRequest>()),
    });
    const wanted = [
      { service: 'web', desired: 1 },
      { service: 'search', desired: 1 },
    ];
    await agents.scale(placeOf('green'), wanted);
    await agents.scale(placeOf('green'), wanted);
    await eventually(() => expect(asked).toHaveLength(4));
    listening.unsubscribe();
    expect(asked.slice(0, 2)).toEqual(asked.slice(2));
    expect(asked[1]).toEqual({
      ...{ id: 'traffic-r00-1-search', app: 'search', group: 'search-green', version: '2.0.0', artifact: own },
      strategy: 'rolling',
      requestedBy: { id: 'executor', kind: 'service' },
      reason: 'side green of shop gets 2.0.0 before its traffic (r00-1)',
    });
    expect(asked[0]).toMatchObject({ app: 'shop', group: 'web-green', artifact });
    expect(await queued()).toBe(4);
  });

  it('wants the whole group once its deployment is planned, and asks for it no more', async () => {
    const group = 'web-green';
    const id = rolloutIdOf(group, canonicalJson({ app: 'shop', group, id: 'traffic-r00-1-web' }));
    const { plan } = planFor(['g1', 'g2']);
    await log.append({ shard: shardOfGroup(group), writer: 'plan', id }, EMPTY_HEAD, {
      id: newUlid(),
      at: 1,
      events: [
        {
          event: { type: 'RolloutPlanned', plan: { ...plan, rolloutId: id, group }, planHash: hashOf(plan) },
          meta: { by: plan.requestedBy, cause: 'x', corr: 'x' },
        },
      ],
    });
    expect((await looked('green'))[0]).toEqual([2, 1, 1]);
    const before = await queued();
    await agents.scale(placeOf('green'), [{ service: 'web', desired: 1 }]);
    expect(await queued()).toBe(before);
    await tell(group, 'g1', { running: '2.0.0', serving: true });
    await eventually(async () => expect((await looked('green'))[0]).toEqual([2, 2, 2]));
  });

  it('says what the planner refuses, and a service without a group on that side', async () => {
    const outcome: RequestOutcome = {
      ...{ v: 1, requestId: 'traffic-r00-1-search', outcome: 'refused' },
      faults: [{ path: '/version', code: 'BLOCKED', message: 'the version is blocked' }],
    };
    const planner = nats.subscribe(SUBJECTS.allDeployRequests, {
      callback: () => nats.publish(SUBJECTS.outcome(outcome.requestId), JSON.stringify(outcome)),
    });
    const patient = new AgentsCapacity(members, new NatsRequests(nats, 30_000), log, systemClock);
    const scaling = patient.scale(placeOf('green'), [{ service: 'search', desired: 1 }]);
    await expect(scaling).rejects.toThrow('the deployment of search is refused: /version the version is blocked');
    planner.unsubscribe();
    expect(await codeOf(agents.look({ ...placeOf('green'), services: [{ name: 'web' }] }))).toBe('DEPENDENCY_REFUSED');
    expect(await agents.retire(placeOf('blue'))).toContain('run on without traffic, in web-blue, search-blue');
  });
});
