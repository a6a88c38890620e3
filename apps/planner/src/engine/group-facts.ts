import { type GroupEvent, groupStreamId, shardOfGroup, type StreamName } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';

import type { GroupFacts, GroupFactsPort, PastVersion } from './ports.js';

const MAX_HISTORY = 100;
const MAX_SINCE = 20;
const MAX_CACHED = 10_000;

type GroupStream = StreamName & { readonly writer: 'group' };

interface Known extends GroupFacts {
  readonly rev: number;
  /** Of the commit at that rev. */
  readonly hash: string;
}

const NOTHING: Known = { rev: 0, hash: '', exclusions: new Map(), blocked: new Map(), history: [] };

/**
 * The projection of `group` streams that plans are made from. It reads through: a plan asks the log for the group's
 * last commit and folds what it has not seen. So a version that was blocked a moment ago is refused, which a projection
 * that follows the log with a delay could not promise. The last 10,000 groups asked for are kept.
 */
export class LogGroupFacts implements GroupFactsPort {
  readonly #known = new Map<string, Known>();

  constructor(private readonly log: EventLog) {}

  async factsOf(group: string): Promise<GroupFacts> {
    const stream: GroupStream = {
      shard: shardOfGroup(group),
      writer: 'group',
      id: groupStreamId(group),
    };
    const last = await this.log.last(stream);
    const kept = this.#known.get(group) ?? NOTHING;
    const known =
      last?.head.hash === kept.hash ? kept : ((await this.#foldBehind(stream, kept)) ?? (await this.#foldAll(stream)));
    this.#keep(group, known);
    return known;
  }

  async #foldAll(stream: GroupStream): Promise<Known> {
    return (await this.#foldBehind(stream, NOTHING)) ?? NOTHING;
  }

  /** Undefined when what was known is not what the log goes on from: it lost its tail. */
  async #foldBehind(stream: GroupStream, kept: Known): Promise<Known | undefined> {
    let known = kept;
    for await (const commit of this.log.read(stream, kept.rev + 1)) {
      if (known.rev > 0 && commit.prev !== known.hash) return undefined;
      const { rev, hash } = commit.head;
      known = { ...commit.events.reduce(fold, known), rev, hash };
    }
    return known === kept && kept.rev > 0 ? undefined : known;
  }

  #keep(group: string, known: Known): void {
    const rival = this.#known.get(group);
    if (rival === known) return;
    this.#known.delete(group);
    this.#known.set(group, known);
    const oldest = this.#known.keys().next();
    if (this.#known.size > MAX_CACHED && oldest.done !== true) this.#known.delete(oldest.value);
  }
}

function fold(known: Known, event: GroupEvent): Known {
  switch (event.type) {
    case 'HostExcluded':
      return { ...known, exclusions: new Map([...known.exclusions, [event.host, event.reason]]) };
    case 'HostIncluded':
      return { ...known, exclusions: without(known.exclusions, event.host) };
    case 'VersionBlocked':
      return { ...known, blocked: new Map([...known.blocked, [event.version, event.reason]]) };
    case 'VersionUnblocked':
      return { ...known, blocked: without(known.blocked, event.version) };
    case 'VersionSucceeded':
      return { ...known, history: withVersion(known.history, event), since: [] };
    case 'LeaseGranted':
      return { ...known, since: [...(known.since ?? []), event.rolloutId].slice(-MAX_SINCE) };
    case 'GroupCheckpointed':
      return {
        ...known,
        exclusions: new Map(event.excluded.map(({ host, reason }) => [host, reason])),
        blocked: new Map(event.blocked.map(({ version, reason }) => [version, reason])),
        since: event.active === undefined ? [] : [event.active],
        history: event.history.map(pastVersion),
      };
    default:
      return known;
  }
}

const without = (map: ReadonlyMap<string, string>, key: string): ReadonlyMap<string, string> =>
  new Map([...map].filter(([other]) => other !== key));

const pastVersion = ({ version, rolloutId, sha256, side }: PastVersion): PastVersion => ({
  version,
  rolloutId,
  sha256,
  ...(side === undefined ? {} : { side }),
});

const withVersion = (history: readonly PastVersion[], success: PastVersion): readonly PastVersion[] =>
  [...history, pastVersion(success)].slice(-MAX_HISTORY);
