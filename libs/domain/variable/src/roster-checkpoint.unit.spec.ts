import type { RosterEvent } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { decideRoster } from './decide-roster.js';
import { evolveRoster, initialRoster, nameOf, type Roster, roleOf, sizeOf } from './roster.js';
import { rosterBegin, rosterCheckpointDue, rosterCheckpointOf, RosterCheckpoints } from './roster-checkpoint.js';

const fold = (roster: Roster, events: readonly RosterEvent[]): Roster => {
  for (const event of events) evolveRoster(roster, event, () => undefined);
  return roster;
};

/** 30,000 hosts of long names, some of which left or moved. */
function crowd(): Roster {
  const roster = initialRoster();
  const hosts = Array.from({ length: 30_000 }, (_, i) => ({ host: `host-${i}.example.net`, role: `role-${i % 7}` }));
  fold(roster, decideRoster(roster, { type: 'join', hosts }));
  const some = hosts.filter((_, i) => i % 5 === 0);
  fold(roster, decideRoster(roster, { type: 'leave', hosts: some.map(({ host }) => host) }));
  fold(
    roster,
    decideRoster(roster, { type: 'join', hosts: some.slice(0, 999).map(({ host }) => ({ host, role: 'late' })) }),
  );
  return roster;
}

const facts = (roster: Roster) => ({
  present: roster.present,
  roles: roster.roles.map((role, i) => [role, sizeOf(roster, i)]),
  hosts: roster.names.map((_, slot) => [
    nameOf(roster, slot),
    roleOf(roster, slot),
    roster.high[slot],
    roster.low[slot],
  ]),
});

describe('a checkpoint of a roster', () => {
  it('makes the same roster of nothing, and changes nothing of what has been folded', () => {
    const roster = crowd();
    const parts = rosterCheckpointOf(roster);
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) expect(JSON.stringify(part).length).toBeLessThan(500_000);
    expect(facts(fold(initialRoster(), parts))).toEqual(facts(roster));
    const moved: number[] = [];
    for (const part of parts) evolveRoster(roster, part, (slot) => moved.push(slot));
    expect(moved).toEqual([]);
    // Whoever missed some of the past has all of it.
    const early = fold(initialRoster(), [
      { type: 'HostsJoined', role: 'role-0', from: 0, names: ['host-0.example.net'] },
    ]);
    expect(facts(fold(early, parts)).hosts).toEqual(facts(roster).hosts);
  });

  it('is one only when all its parts stand behind one another', () => {
    const parts = rosterCheckpointOf(crowd());
    const left: RosterEvent = { type: 'HostsLeft', hosts: [1] };
    const commits = (...events: readonly RosterEvent[]) => events.map((event) => ({ events: [event] }));
    expect(rosterBegin(commits(left, ...parts, left))).toBe(1);
    expect(rosterBegin(commits(left, ...parts.slice(0, -1), left))).toBeUndefined();
    const [first, ...others] = parts;
    if (first === undefined) throw new Error('a checkpoint has parts');
    expect(rosterBegin(commits(...others, left))).toBeUndefined();
    expect(rosterBegin(commits(first, left, ...others))).toBeUndefined();
    expect(rosterBegin(commits(first, ...parts))).toBe(1);
    const checkpoints = new RosterCheckpoints();
    expect(parts.map((part) => checkpoints.take(part)).filter(Boolean)).toHaveLength(1);
  });

  it('is due the later the more hosts there are', () => {
    const roster = crowd();
    expect([rosterCheckpointDue(roster, 2_499), rosterCheckpointDue(roster, 2_500)]).toEqual([false, true]);
    expect(rosterCheckpointDue(initialRoster(), 1_999)).toBe(false);
  });
});
