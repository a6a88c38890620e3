import type { RosterEvent, VariableEvent } from '@sluice/contracts';

export interface JoiningHost {
  readonly host: string;
  readonly role: string;
}

/** Each role is an event of the roster's commit, and a commit has at most 512 of them and 512 KiB. */
const MAX_ROLES = 400;
const MAX_BYTES = 300 * 1024;

/** Hosts that join together, in parts that are one commit each. */
export function joinChunks(hosts: readonly JoiningHost[]): readonly (readonly JoiningHost[])[] {
  const chunks: JoiningHost[][] = [];
  let roles = new Set<string>();
  let bytes = 0;
  for (const each of hosts) {
    const size = Buffer.byteLength(JSON.stringify(each));
    let chunk = chunks.at(-1);
    if (chunk === undefined || bytes + size > MAX_BYTES || (!roles.has(each.role) && roles.size >= MAX_ROLES)) {
      chunk = [];
      chunks.push(chunk);
      roles = new Set();
      bytes = 0;
    }
    roles.add(each.role);
    bytes += size;
    chunk.push(each);
  }
  return chunks;
}

/** The first values of all that joined with one commit, in one event. */
export function firstValues(
  joined: readonly RosterEvent[],
  decide: (event: RosterEvent) => readonly VariableEvent[],
): readonly VariableEvent[] {
  const hosts: number[] = [];
  for (const event of joined)
    for (const given of decide(event)) if (given.type === 'ValuesAssigned') hosts.push(...given.hosts);
  if (hosts.length === 0) return [];
  return [{ type: 'ValuesAssigned', hosts: hosts.toSorted((a, b) => a - b), side: 'to', rule: 'join' }];
}
