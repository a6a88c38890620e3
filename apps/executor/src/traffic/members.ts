import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection, QueuedIterator } from '@nats-io/nats-core';
import { BUCKETS, encodeToken, type InventoryRecord, type MemberEntry } from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';
import { translateNatsError } from '@sluice/messaging';

/** The members of a group with what their heartbeats said last. Rejects when nobody can say. */
export interface GroupMembers {
  membersOf(group: string): Promise<readonly MemberEntry[]>;
}

/** A group that nobody asks for is not followed any more. */
const IDLE_MS = 60_000;
/** Until all that is stored of a group has come. */
const READ_WITHIN_MS = 5_000;

interface Followed {
  readonly members: Map<string, MemberEntry>;
  readonly entries: QueuedIterator<unknown>;
}

interface Asked {
  readonly followed: Promise<Followed>;
  readonly askedAt: number;
}

/** The inventory's bucket, followed group by group as long as somebody looks at them. */
export class KvMembers implements GroupMembers {
  private readonly groups = new Map<string, Asked>();
  private bucket: Promise<KV> | undefined;

  constructor(
    private readonly nats: NatsConnection,
    private readonly clock: Clock,
  ) {}

  async membersOf(group: string): Promise<readonly MemberEntry[]> {
    this.dropIdle();
    const followed = this.groups.get(group)?.followed ?? this.follow(group);
    this.groups.set(group, { followed, askedAt: this.clock.now() });
    try {
      return [...(await followed).members.values()];
    } catch (error) {
      this.groups.delete(group);
      this.bucket = undefined;
      throw translateNatsError(error, `read the members of ${group}`);
    }
  }

  stop(): void {
    for (const group of this.groups.keys()) this.drop(group);
  }

  private async follow(group: string): Promise<Followed> {
    this.bucket ??= new Kvm(this.nats).open(BUCKETS.inventory);
    const kv = await this.bucket;
    const key = `member.${encodeToken(group)}.*`;
    const entries = await kv.watch({ key });
    const members = new Map<string, MemberEntry>();
    await new Promise<void>((resolve, reject) => {
      const cancel = this.clock.schedule(READ_WITHIN_MS, () => {
        entries.stop();
        reject(new Error('its members did not come in time'));
      });
      const isRead = (): void => {
        cancel();
        resolve();
      };
      const read = async (): Promise<void> => {
        // A group without members says so by no entry at all.
        if (await isEmpty(kv, key)) isRead();
        for await (const entry of entries) {
          if (entry.operation === 'PUT') members.set(entry.key, entry.json<InventoryRecord<MemberEntry>>().entry);
          else members.delete(entry.key);
          if (entry.delta === 0 || entry.isUpdate) isRead();
        }
        throw new Error('the inventory is not followed any more');
      };
      read().catch((error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
        this.drop(group);
      });
    });
    return { members, entries };
  }

  private dropIdle(): void {
    for (const [group, { askedAt }] of this.groups) if (this.clock.now() - askedAt > IDLE_MS) this.drop(group);
  }

  private drop(group: string): void {
    const asked = this.groups.get(group);
    this.groups.delete(group);
    asked?.followed.then(
      ({ entries }) => entries.stop(),
      () => undefined,
    );
  }
}

async function isEmpty(kv: KV, key: string): Promise<boolean> {
  for await (const _ of await kv.keys(key)) return false;
  return true;
}
