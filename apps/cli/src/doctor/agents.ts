import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { BUCKETS, type Hello, type InventoryRecord, type MemberEntry, parseHello, SUBJECTS } from '@sluice/contracts';
import { messageOf } from '@sluice/kernel';

import { someOf } from '../timeline/words.js';
import { type Finding, ok, unknown, warning, wrong } from './finding.js';
import { skewFinding } from './server.js';

/** The planner stores that a heartbeat came every half minute. */
const SILENT_MS = 60_000;

export interface ListenOptions {
  readonly listenMs: number;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Who should be there according to the inventory, and who says so. */
export async function agentFindings(nats: NatsConnection, options: ListenOptions): Promise<readonly Finding[]> {
  try {
    const [heard, members] = await Promise.all([listen(nats, options), membersOf(nats)]);
    return [silence(members, heard, options), ...skews(heard)];
  } catch (error) {
    return [unknown('agents', `cannot see the inventory: ${messageOf(error)}`, 'give this user the right to read it')];
  }
}

interface Heard {
  readonly hello: Hello;
  readonly at: number;
}

async function listen(
  nats: NatsConnection,
  { listenMs, now, sleep }: ListenOptions,
): Promise<ReadonlyMap<string, Heard>> {
  const heard = new Map<string, Heard>();
  const subscription = nats.subscribe(SUBJECTS.allHellos, {
    callback: (error, message) => {
      if (error !== null) return;
      try {
        const hello = parseHello(message.data);
        heard.set(hello.host, { hello, at: now() });
      } catch {
        // Of another version, or none of ours: the planner tells about it.
      }
    },
  });
  await sleep(listenMs);
  subscription.unsubscribe();
  return heard;
}

async function membersOf(nats: NatsConnection): Promise<readonly MemberEntry[]> {
  const bucket = await new Kvm(nats).open(BUCKETS.inventory);
  const members: MemberEntry[] = [];
  for await (const key of await bucket.keys('member.>')) {
    const entry = await bucket.get(key);
    if (entry?.operation === 'PUT') members.push(entry.json<InventoryRecord<MemberEntry>>().entry);
  }
  return members;
}

function silence(members: readonly MemberEntry[], heard: ReadonlyMap<string, Heard>, { now }: ListenOptions): Finding {
  const expected = members.filter(({ down }) => down !== true);
  const hosts = new Set(expected.map(({ host }) => host));
  const silent = new Set(
    expected
      .filter(({ host, lastSeen = 0 }) => !heard.has(host) && now() - lastSeen > SILENT_MS)
      .map(({ host }) => host),
  );
  if (hosts.size === 0) {
    return warning(
      'agents',
      'the inventory has no members',
      'say which hosts there are: `sluice inventory GROUP FILE`, or start agents',
    );
  }
  if (silent.size === 0) return ok('agents', `${heard.size} of ${hosts.size} hosts just said hello, none is silent`);
  const words = `${silent.size} of ${hosts.size} hosts are silent: ${someOf([...silent].toSorted())}`;
  return wrong('agents', words, 'start `sluice agent` there and see that it reaches NATS; exclude a host that is gone');
}

/** The host whose clock is furthest off stands for all. */
function skews(heard: ReadonlyMap<string, Heard>): readonly Finding[] {
  const offsets = [...heard.values()].map(({ hello, at }) => ({ host: hello.host, ahead: hello.at - at }));
  const worst = offsets.toSorted((a, b) => Math.abs(b.ahead) - Math.abs(a.ahead))[0];
  return worst === undefined ? [] : [skewFinding(`clock of ${worst.host}`, worst.ahead, 0)];
}
