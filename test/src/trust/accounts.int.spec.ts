import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { Msg, NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { BUCKETS, rolloutIdOf, shardOfGroup, STREAMS, SUBJECTS } from '@sluice/contracts';
import { provision } from '@sluice/messaging';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { accounts } from '../e2e/support/accounts.js';

const WHO = { core: 'sluice', agents: 'agent', clients: 'client', bots: 'bot', audit: 'auditor' } as const;
type Account = keyof typeof WHO;
const ACCOUNTS = Object.keys(WHO) as Account[];

/** What must come may take long on a busy machine; what must not come would be here at once. */
const PATIENCE_MS = { allowed: 10_000, forbidden: 150 };
let waitMs = PATIENCE_MS.allowed;
const HOST = 'h-01';
const SHARD = shardOfGroup('web');
const LOG = SUBJECTS.log({ shard: SHARD, writer: 'exec', id: rolloutIdOf('web', 'x') });

let server: RunningNatsServer;
let users: Record<Account, NatsConnection>;

const connectAs = (account: Account): Promise<NatsConnection> =>
  connect({ servers: server.url, user: WHO[account], pass: `pw-${account}`, timeout: 5_000 });

beforeAll(async () => {
  server = await startNatsServer({ configExtra: accounts() });
  const all = await Promise.all(ACCOUNTS.map(async (account) => [account, await connectAs(account)] as const));
  users = Object.fromEntries(all) as Record<Account, NatsConnection>;
  await provision(users.core);
  await jetstream(users.core).publish(LOG, 'a commit');
}, 30_000);
afterAll(async () => {
  await Promise.all(Object.values(users).map((nats) => nats.close()));
  await server.stop();
});

/** Whether a message comes while this is done; `subject` is listened to by `listener`, who answers. */
async function reaches(listener: NatsConnection, subject: string, act: () => unknown): Promise<boolean> {
  const heard: Msg[] = [];
  const subscription = listener.subscribe(subject, {
    callback: (refusal, message) => {
      if (refusal !== null) return;
      heard.push(message);
      message.respond('{}');
    },
  });
  await settled(listener);
  await act();
  const came = await vi.waitUntil(() => heard.length > 0, { timeout: waitMs, interval: 10 }).catch(() => false);
  subscription.unsubscribe();
  return Boolean(came);
}

/** A refused permission closes no connection, but it must not fail the flush. */
const settled = (nats: NatsConnection): Promise<void> => nats.flush().catch(() => undefined);

/** Whether the user hears what CORE publishes. */
async function hears(user: NatsConnection, subject: string, published: string): Promise<boolean> {
  return reaches(user, subject, () => users.core.publish(published, '{}'));
}

const answered = (user: NatsConnection, subject: string, payload = ''): Promise<Msg | undefined> =>
  user.request(subject, payload, { timeout: waitMs }).catch(() => undefined);

async function logLength(): Promise<number> {
  const manager = await jetstreamManager(users.core);
  return (await manager.streams.info(STREAMS.log)).state.messages;
}

async function accesses(): Promise<number> {
  const manager = await jetstreamManager(users.core);
  return (await manager.streams.info(STREAMS.access)).state.messages;
}

/** Whether the API answers with something that is no error. */
async function apiAnswers(user: NatsConnection, call: string, body: object = {}): Promise<boolean> {
  const message = await answered(user, `$JS.API.${call}`, JSON.stringify(body));
  if (message === undefined) return false;
  const answer: unknown = JSON.parse(message.string() || '{"error":{}}');
  return typeof answer === 'object' && answer !== null && !('error' in answer);
}

interface Right {
  readonly what: string;
  readonly who: readonly Account[];
  readonly attempt: (user: NatsConnection, account: Account) => Promise<boolean>;
}

const RIGHTS: readonly Right[] = [
  {
    what: 'publish a deploy request that is stored',
    who: ['core', 'clients'],
    attempt: async (user) => {
      const ack = await answered(user, SUBJECTS.deployRequest('web'), '{"app":"web"}');
      return ack !== undefined && (JSON.parse(ack.string()) as { stream?: string }).stream === STREAMS.requests;
    },
  },
  {
    what: 'hear outcomes',
    who: ['core', 'clients'],
    attempt: (user) => hears(user, 'sluice.outcome.*', SUBJECTS.outcome('q1')),
  },
  {
    what: 'send commands',
    who: ['core'],
    attempt: (user) =>
      reaches(users.core, SUBJECTS.command('rollout'), () => answered(user, SUBJECTS.command('rollout'))),
  },
  {
    what: 'send commands between executors',
    who: ['core'],
    attempt: (user) =>
      reaches(users.core, SUBJECTS.shardCommand(SHARD), () => answered(user, SUBJECTS.shardCommand(SHARD))),
  },
  {
    what: 'send a host its run',
    who: ['core'],
    attempt: (user) => reaches(users.agents, SUBJECTS.agentRun(HOST), () => answered(user, SUBJECTS.agentRun(HOST))),
  },
  {
    what: 'ask a host for the output of its steps',
    who: ['core'],
    attempt: (user) =>
      reaches(users.agents, SUBJECTS.agentOutput(HOST), () => answered(user, SUBJECTS.agentOutput(HOST))),
  },
  {
    what: 'be a host that gets runs',
    who: ['core', 'agents'],
    attempt: (user) => reaches(user, SUBJECTS.agentRun(HOST), () => answered(users.core, SUBJECTS.agentRun(HOST))),
  },
  {
    what: 'report results',
    who: ['core', 'agents'],
    attempt: (user) =>
      reaches(users.core, SUBJECTS.reportsOfShard(SHARD), () => answered(user, SUBJECTS.report(SHARD, HOST))),
  },
  {
    what: 'say hello',
    who: ['core', 'agents'],
    attempt: (user) =>
      reaches(users.core, SUBJECTS.allHellos, async () => {
        user.publish(SUBJECTS.hello(HOST), '{}');
        await settled(user);
      }),
  },
  {
    what: 'hear what hosts say',
    who: ['core'],
    attempt: (user) =>
      reaches(user, SUBJECTS.allHellos, async () => {
        users.agents.publish(SUBJECTS.hello(HOST), '{}');
        await settled(users.agents);
      }),
  },
  {
    what: 'write into the log',
    who: ['core'],
    attempt: async (user) => {
      const before = await logLength();
      await answered(user, LOG, 'forged');
      return (await logLength()) > before;
    },
  },
  {
    what: 'hear the log as it is written',
    who: ['core'],
    attempt: (user) => hears(user, SUBJECTS.wholeLog, LOG),
  },
  {
    what: 'read a commit of the log',
    who: ['core'],
    attempt: (user) => apiAnswers(user, `STREAM.MSG.GET.${STREAMS.log}`, { last_by_subj: LOG }),
  },
  {
    what: 'make a consumer of the log, which the server would let write anywhere',
    who: ['core'],
    attempt: async (user, account) => {
      const name = `thief-${account}`;
      const config = {
        deliver_subject: 'anywhere',
        ack_policy: AckPolicy.None,
        name,
        filter_subject: SUBJECTS.wholeLog,
      };
      const body = { stream_name: STREAMS.log, config };
      const wasMade =
        (await apiAnswers(user, `CONSUMER.CREATE.${STREAMS.log}.${name}.${SUBJECTS.wholeLog}`, body)) ||
        (await answered(
          user,
          `CORE.JS.CONSUMER.CREATE.${STREAMS.log}.${name}.${SUBJECTS.wholeLog}`,
          JSON.stringify(body),
        )) !== undefined;
      const manager = await jetstreamManager(users.core);
      const isThere = await manager.consumers.delete(STREAMS.log, name).catch(() => false);
      return wasMade || isThere;
    },
  },
  {
    what: 'delete, purge or change the log',
    who: ['core'],
    attempt: (user) => apiAnswers(user, `STREAM.PURGE.${STREAMS.log}`, { filter: 'sluice.log.no.such.subject' }),
  },
  {
    what: 'take requests out of the queue',
    who: ['core'],
    attempt: (user) => apiAnswers(user, `STREAM.INFO.${STREAMS.requests}`),
  },
  {
    what: 'read the hashes of tokens',
    who: ['core'],
    attempt: (user) =>
      apiAnswers(user, `STREAM.MSG.GET.KV_${BUCKETS.tokens}`, { last_by_subj: `$KV.${BUCKETS.tokens}.t` }),
  },
  {
    what: 'put a token among them',
    who: ['core'],
    attempt: async (user, account) => {
      await answered(user, `$KV.${BUCKETS.tokens}.${account}`, 'forged');
      const bucket = await new Kvm(users.core).open(BUCKETS.tokens);
      return (await bucket.get(account)) !== null;
    },
  },
  {
    what: 'write into the records of readers',
    who: ['core'],
    attempt: async (user) => {
      const before = await accesses();
      await answered(user, SUBJECTS.access, '{"v":1,"by":"user:forged"}');
      return (await accesses()) > before;
    },
  },
  {
    what: 'have it recorded that they read',
    who: ['core', 'audit'],
    attempt: async (user, account) => {
      const subject = account === 'core' ? SUBJECTS.accessRecord : SUBJECTS.auditorsAccessRecord;
      return reaches(users.core, SUBJECTS.accessRecord, () => answered(user, subject));
    },
  },
  {
    what: 'read who read what',
    who: ['core'],
    attempt: (user) => apiAnswers(user, `STREAM.INFO.${STREAMS.access}`),
  },
  {
    what: 'hear notifications',
    who: ['core', 'bots'],
    attempt: (user) => hears(user, 'sluice.notify.>', SUBJECTS.notify('web', 'info')),
  },
  {
    what: 'send notifications that others take for ours',
    who: ['core'],
    attempt: (user) =>
      reaches(users.bots, 'sluice.notify.>', async () => {
        user.publish(SUBJECTS.notify('web', 'info'), '{}');
        await settled(user);
      }),
  },
];

describe('deploy/nats/accounts.conf', () => {
  beforeAll(async () => {
    const bucket = await new Kvm(users.core).open(BUCKETS.tokens);
    await bucket.put('t', 'hash');
  });

  it.each(
    RIGHTS.flatMap((right) => ACCOUNTS.map((account) => ({ ...right, account, may: right.who.includes(account) }))),
  )('$account: $what: $may', async ({ account, attempt, may }) => {
    waitMs = may ? PATIENCE_MS.allowed : PATIENCE_MS.forbidden;
    expect(await attempt(users[account], account)).toBe(may);
  });

  it('nobody comes in without a name, or with another password', async () => {
    await expect(connect({ servers: server.url, timeout: 5_000, reconnect: false })).rejects.toThrow(/authorization/i);
    const wrong = connect({ servers: server.url, user: 'sluice', pass: 'pw-agents', timeout: 5_000, reconnect: false });
    await expect(wrong).rejects.toThrow(/authorization/i);
  });
});
