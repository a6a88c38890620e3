import { ALL_SHARDS } from './shards.js';

/** A service whose work is shared by leases, and the parts that it is shared in. */
export interface LeasedWork {
  readonly service: string;
  readonly parts: readonly string[];
}

/** What is shared between the processes of a service: executors drive shards, one notifier at a time tells. */
export const LEASED = {
  executor: { service: 'executor', parts: ALL_SHARDS },
  notifier: { service: 'notifier', parts: ['all'] },
} as const satisfies Readonly<Record<string, LeasedWork>>;

/** Keys in KV `sluice_leases`: `<service>.part.<part>` and `<service>.member.<id>`. */
export const leaseKeys = ({ service, parts }: LeasedWork) => {
  const [part, member] = [`${service}.part.`, `${service}.member.`];
  return {
    all: `${service}.>`,
    part: (name: string): string => part + name,
    member: (id: string): string => member + id,
    /** The part that a key stands for; undefined for any other key. */
    partOf: (key: string): string | undefined => parts.find((name) => key === part + name),
    isMember: (key: string): boolean => key.startsWith(member),
  };
};

export type LeaseKeys = ReturnType<typeof leaseKeys>;

/** Under a member's key: a process that runs. Gone when it was not renewed for the lease time. */
export interface MemberLease {
  readonly v: 1;
  readonly owner: string;
  /** `<host>:<pid>`, for people. */
  readonly name: string;
}

/** Under a part's key: who has it. Gone when it was handed over, or not renewed for the lease time. */
export interface PartLease extends MemberLease {
  /** ms since the epoch, by the owner's clock: for people, no decision rests on it. */
  readonly since: number;
}

/** What a lease says; undefined when it is none that this version can read. */
export function readLease(text: string): (MemberLease & Partial<PartLease>) | undefined {
  try {
    const value = JSON.parse(text) as Partial<PartLease> | null;
    const { v, owner, name, since } = value ?? {};
    if (v !== 1 || typeof owner !== 'string' || typeof name !== 'string') return undefined;
    return { v, owner, name, ...(typeof since === 'number' ? { since } : {}) };
  } catch {
    return undefined;
  }
}
