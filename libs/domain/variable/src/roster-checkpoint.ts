import type { RosterCheckpoint, RosterEvent, VariableEvent } from '@sluice/contracts';

import { type Roster, roleOf } from './roster.js';

/** With three bytes for each of them well below the 512 KiB of a commit. */
const MAX_CHARACTERS = 150_000;
/** Quotes, a comma, and the place of a host. */
const AROUND = 9;
/** For small fleets as well: a start reads so many events at least. */
const EVERY = 2_000;
/** A checkpoint names all hosts, so large fleets have fewer. */
const HOSTS_AN_EVENT = 12;

/** Events of the roster after which all of it is said again: what is written so stays within twice what happens. */
export const rosterCheckpointDue = ({ names }: Roster, events: number): boolean =>
  events >= Math.max(EVERY, names.length / HOSTS_AN_EVENT);

/** All that a roster's stream says so far, in events that are a commit each, one straight behind the other. */
export function rosterCheckpointOf(roster: Roster): readonly RosterCheckpoint[] {
  const roleParts = cut(roster.roles);
  const hostParts = cut(roster.names);
  const bare = [
    ...roleParts.map(({ texts }) => ({ roles: texts, from: 0, names: [] as readonly string[] })),
    ...hostParts.map(({ from, texts }) => ({ roles: [] as readonly string[], from, names: texts })),
  ];
  return bare.map(({ roles, from, names }, i) => ({
    ...{ type: 'RosterCheckpointed', part: i + 1, parts: bare.length, roles, from, names },
    places: names.map((_, at) => roleOf(roster, from + at)),
  }));
}

interface Cut {
  readonly from: number;
  readonly texts: string[];
}

function cut(texts: readonly string[]): readonly Cut[] {
  const parts: Cut[] = [];
  let characters = Infinity;
  for (let i = 0; i < texts.length; i += 1) {
    const text = texts[i] ?? '';
    if (characters + text.length + AROUND > MAX_CHARACTERS) {
      parts.push({ from: i, texts: [] });
      characters = 0;
    }
    parts.at(-1)?.texts.push(text);
    characters += text.length + AROUND;
  }
  return parts;
}

/** Follows a roster's stream, and knows when a checkpoint was said as a whole. */
export class RosterCheckpoints {
  private next = 1;

  /** True at the last part of one that is whole. */
  take(event: RosterEvent | VariableEvent): boolean {
    if (event.type !== 'RosterCheckpointed') this.next = 1;
    else if (event.part === 1) this.next = 2;
    else this.next = event.part === this.next ? this.next + 1 : 1;
    return event.type === 'RosterCheckpointed' && this.next === event.parts + 1;
  }
}

/** Where to begin to fold commits of a roster's stream that do not begin with its first; undefined: further back. */
export function rosterBegin(
  commits: readonly { readonly events: readonly (RosterEvent | VariableEvent)[] }[],
): number | undefined {
  const checkpoints = new RosterCheckpoints();
  let begin: number | undefined;
  commits.forEach(({ events }, i) => {
    for (const event of events)
      if (checkpoints.take(event) && event.type === 'RosterCheckpointed' && i + 1 >= event.parts)
        begin = i + 1 - event.parts;
  });
  return begin;
}
