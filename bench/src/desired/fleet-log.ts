import {
  EMPTY_HEAD,
  type EventToAppend,
  rosterStreamId,
  type RosterEvent,
  shardOfGroup,
  type VariableEvent,
  variableStreamId,
} from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { serviceActor } from '@sluice/kernel';
import { newUlid } from '@sluice/observability';

const FLEET = 'default';
const EXECUTOR = serviceActor('executor');
const NAMES_PER_EVENT = 500;
/** Hosts that change in one tick of a ramp. */
const FLIPS_PER_TICK = 500;
const DAY_MS = 86_400_000;
const START = 1_767_225_600_000;

export const hostName = (i: number): string => `host-${String(i).padStart(6, '0')}.example.net`;
export const ROLES = 300;

/** A fleet in mid-ramp as its executor would have written it: half of the hosts have the new value of each variable. */
export async function writeFleet(log: EventLog, hosts: number, variables: number): Promise<number> {
  const names = Array.from({ length: variables }, (_, i) => `service_${String(i).padStart(2, '0')}_version`);
  const written = [write(log, rosterStreamId(FLEET), rosterEvents(hosts))];
  for (const [i, name] of names.entries())
    written.push(write(log, variableStreamId(FLEET, name), rampEvents(name, hosts, i)));
  return (await Promise.all(written)).reduce((sum, commits) => sum + commits, 0);
}

function* rosterEvents(hosts: number): Generator<RosterEvent> {
  for (let from = 0, role = 0; from < hosts; from += NAMES_PER_EVENT, role += 1) {
    const names = Array.from({ length: Math.min(NAMES_PER_EVENT, hosts - from) }, (_, i) => hostName(from + i));
    yield { type: 'HostsJoined', role: `role-${role % ROLES}`, from, names };
  }
}

function* rampEvents(name: string, hosts: number, index: number): Generator<VariableEvent> {
  const reason = 'a benchmark';
  const schedule = { kind: 'linear' as const, durationMs: 14 * DAY_MS };
  const spec = { name, type: 'string' as const, from: '1.6.0', to: '1.9.0', schedule, limits: {}, salt: '' };
  yield { type: 'VariableDefined', version: 1, spec, reason };
  yield { type: 'RampStarted', activeMs: 0, reason };
  // A prime that no fleet's size is a multiple of: every variable has an order of its own.
  const step = 7_919 + 2 * index;
  const flipped = Array.from({ length: Math.floor(hosts / 2) }, (_, i) => (i * step + index * 17) % hosts);
  const once = [...new Set(flipped)];
  for (let i = 0; i < once.length; i += FLIPS_PER_TICK) {
    const slots = once.slice(i, i + FLIPS_PER_TICK).toSorted((a, b) => a - b);
    yield { type: 'ValuesAssigned', hosts: slots, side: 'to', rule: 'ramp' };
  }
}

/** One commit an event; the number of them. */
async function write(log: EventLog, id: string, events: Iterable<RosterEvent | VariableEvent>): Promise<number> {
  const stream = { shard: shardOfGroup(FLEET), writer: 'variable', id } as const;
  let head = EMPTY_HEAD;
  let commits = 0;
  for (const event of events) {
    const meta = { by: EXECUTOR, cause: 'bench', corr: 'bench' };
    const drafted = [{ event, meta }] as unknown as readonly EventToAppend[];
    head = await log.append(stream, head, { id: newUlid(), at: START + commits, events: drafted });
    commits += 1;
  }
  return commits;
}
