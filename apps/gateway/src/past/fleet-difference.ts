import { refuse } from '../problems/problem.js';
import { comparableGroup, tableOf } from './comparable.js';
import type { AtMoment, Cut } from './cut.js';
import { type Change, type Comparable, differences } from './diff.js';
import { latest } from './fold.js';
import type { FleetPast, FleetQuery, Surroundings } from './fleet-past.js';
import type { GroupThen } from './groups-past.js';

/** Groups of a fleet that are held against each other in one answer. */
const MAX_GROUPS = 2_000;

const EMPTY: Comparable = { facts: {}, tables: {} };

/** What two moments of a whole fleet are made of, as far as it was looked at. */
export class FleetDifference {
  from: AtMoment = { position: 0, time: 0 };
  to: AtMoment = { position: 0, time: 0 };

  constructor(
    private readonly fleet: FleetPast,
    private readonly cuts: readonly [from: Cut, to: Cut],
  ) {}

  /** Group by group, then what holds for all of them. Codes TOO_LONG, MOMENT_ARCHIVED. */
  async *changes(sees: FleetQuery['sees']): AsyncGenerator<Change | undefined> {
    const names = this.fleet.names({ sees });
    if (names.length > MAX_GROUPS)
      throw refuse(
        'TOO_LONG',
        `${names.length} groups are too many for one answer: ask for each group (/v1/groups/NAME/diff)`,
      );
    for (const name of names) yield* this.changesOf(name);
    const [before, after] = [await this.fleet.surroundings(this.cuts[0]), await this.fleet.surroundings(this.cuts[1])];
    this.from = latest([this.from, before]);
    this.to = latest([this.to, after]);
    yield* differences(comparableSurroundings(before), comparableSurroundings(after));
  }

  private async *changesOf(name: string): AsyncGenerator<Change | undefined> {
    const both = await this.fleet.groupAtBoth(name, this.cuts);
    if (both === 'archived')
      throw refuse(
        'MOMENT_ARCHIVED',
        `what group ${name} was then has left the log for the archive: ask for later moments`,
      );
    const { before, after } = both;
    if (before !== undefined) this.from = latest([this.from, before.at]);
    if (after !== undefined) this.to = latest([this.to, after.at]);
    if (both.same) return;
    const path = `/groups/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    for (const change of differences(comparableOf(both.before), comparableOf(both.after)))
      yield change === undefined ? undefined : { ...change, path: path + change.path };
  }
}

const comparableOf = (group: GroupThen | undefined): Comparable =>
  group === undefined ? EMPTY : comparableGroup(group);

const comparableSurroundings = ({ freezes, dependencies, holds }: Surroundings): Comparable => ({
  facts: {},
  tables: {
    freezes: tableOf(new Map(freezes.map(({ id, ...freeze }) => [id, freeze]))),
    holds: tableOf(new Map(holds.map(({ name, ...hold }) => [name, hold]))),
    dependencies: tableOf(new Map(dependencies.map(({ name, rev: _, ...view }) => [name, view]))),
  },
});
