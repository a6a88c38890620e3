import type { ChangeRecord } from '@sluice/audit';
import type { EventLog } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';

import { noGroup, noRollout, noVariable } from '../http/lookup.js';
import type { DependencyIndex, DependencyView } from '../read-model/dependency-index.js';
import type { FreezeView } from '../read-model/freeze-index.js';
import type { GroupIndex } from '../read-model/group-index.js';
import type { HoldView } from '../read-model/holds.js';
import { changeRecordOf } from '../read-model/record.js';
import type { RolloutHistory } from '../read-model/rollout-history.js';
import { Breath } from './breath.js';
import { comparableGroup, comparableRollout, comparableVariable } from './comparable.js';
import { type AtMoment, type Cut, cutOf } from './cut.js';
import { type Comparable, differences } from './diff.js';
import { type Difference, type DifferenceQuery, tally } from './difference.js';
import { latest } from './fold.js';
import { FleetDifference } from './fleet-difference.js';
import { FleetPast, type FleetQuery } from './fleet-past.js';
import type { FleetGroup } from './group-view.js';
import { GroupsPast, type GroupThen } from './groups-past.js';
import { RolloutsPast, type RolloutThen } from './rollouts-past.js';
import { Turns } from './turns.js';
import { variableAt, type VariableThen } from './variables-past.js';

export interface PastParts {
  readonly log: Pick<EventLog, 'read' | 'follow' | 'position'>;
  readonly clock: Clock;
  readonly history: Pick<RolloutHistory, 'list'>;
  /** Which groups and dependencies there are. */
  readonly groups: Pick<GroupIndex, 'names'>;
  readonly dependencies: Pick<DependencyIndex, 'list'>;
}

/** The fleet as it was. */
export interface FleetThen {
  readonly at: AtMoment;
  readonly groups: readonly FleetGroup[];
  /** Groups of the page whose state then has left the log for the archive. */
  readonly archived: readonly string[];
  readonly freezes: readonly FreezeView[];
  readonly dependencies: readonly DependencyView[];
  readonly holds: readonly HoldView[];
  /** The group that the next page begins behind. */
  readonly next: string | undefined;
}

/** Two moments as they are written; without `to`: up to now. */
export interface Between extends DifferenceQuery {
  readonly from: string;
  readonly to?: string | undefined;
}

interface Named {
  readonly fleet: string;
  readonly name: string;
}

/** A thing at one moment. */
interface Then {
  readonly at: AtMoment;
}

/**
 * What the log tells of any moment, folded by the same functions as everything else, one question at a time. Moments are
 * texts: a time, a length of time ago, `@` and a position. Codes: BAD_MOMENT, NOT_FOUND, NOT_YET, MOMENT_ARCHIVED,
 * PRUNED, TOO_LONG, TOO_BUSY.
 */
export class Past {
  private readonly turns = new Turns();
  private readonly rollouts: RolloutsPast;
  private readonly groups: GroupsPast;
  private readonly wholeFleet: FleetPast;

  constructor(private readonly parts: PastParts) {
    this.rollouts = new RolloutsPast(parts);
    this.groups = new GroupsPast(parts, parts.history, this.rollouts);
    this.wholeFleet = new FleetPast(parts, this.groups, parts.groups, parts.dependencies);
  }

  /** Nothing is remembered of what the log lost. */
  forgetAll(): void {
    this.rollouts.forgetAll();
  }

  rollout(id: string, at: string | undefined): Promise<RolloutThen> {
    return this.at(at, (cut) => this.rolloutAt(id, cut));
  }

  group(name: string, at: string | undefined): Promise<GroupThen> {
    return this.at(at, (cut) => this.groupAt(name, cut));
  }

  variable(named: Named, at: string | undefined): Promise<VariableThen> {
    return this.at(at, (cut) => this.variableAt(named, cut));
  }

  fleet(query: FleetQuery, at: string | undefined): Promise<FleetThen> {
    return this.at(at, async (cut) => {
      const { items: groups, archived, next, at: ofGroups } = await this.wholeFleet.page(cut, query);
      const { freezes, dependencies, holds, ...around } = await this.wholeFleet.surroundings(cut);
      return { at: latest([around, ofGroups]), groups, archived, freezes, dependencies, holds, next };
    });
  }

  /** Its change record, which is all of its history. */
  record(id: string): Promise<ChangeRecord> {
    return this.turns.take(async () => {
      const record = await changeRecordOf(this.parts, id);
      if (record === undefined) throw noRollout(id);
      return record;
    });
  }

  rolloutDifference(id: string, between: Between): Promise<Difference> {
    return this.difference(between, (cut) => this.rolloutAt(id, cut), comparableRollout);
  }

  groupDifference(name: string, between: Between): Promise<Difference> {
    return this.difference(between, (cut) => this.groupAt(name, cut), comparableGroup);
  }

  variableDifference(named: Named, between: Between): Promise<Difference> {
    return this.difference(between, (cut) => this.variableAt(named, cut), comparableVariable);
  }

  fleetDifference(sees: FleetQuery['sees'], between: Between): Promise<Difference> {
    return this.turns.take(async () => {
      const cuts = [await cutOf(between.from, this.parts), await cutOf(between.to, this.parts)] as const;
      const both = new FleetDifference(this.wholeFleet, cuts);
      const told = await tally(both.changes(sees), between, this.parts.clock);
      return { from: both.from, to: both.to, ...told };
    });
  }

  private at<T>(text: string | undefined, look: (cut: Cut) => Promise<T>): Promise<T> {
    return this.turns.take(async () => look(await cutOf(text, this.parts)));
  }

  private difference<T extends Then>(
    between: Between,
    look: (cut: Cut) => Promise<T>,
    comparable: (then: T) => Comparable,
  ): Promise<Difference> {
    return this.turns.take(async () => {
      const { clock } = this.parts;
      const breath = new Breath(clock, 1);
      const before = await look(await cutOf(between.from, this.parts));
      const from = comparable(before);
      const after = await look(await cutOf(between.to, this.parts));
      await breath.after(1);
      const changes = differences(from, comparable(after));
      await breath.after(1);
      return { from: before.at, to: after.at, ...(await tally(changes, between, clock)) };
    });
  }

  private async rolloutAt(id: string, cut: Cut): Promise<RolloutThen> {
    const then = await this.rollouts.at(id, cut);
    if (then === undefined) throw noRollout(id);
    return then;
  }

  private async groupAt(name: string, cut: Cut): Promise<GroupThen> {
    const then = await this.groups.at(name, cut);
    if (then === undefined) throw noGroup(name);
    return then;
  }

  private async variableAt({ fleet, name }: Named, cut: Cut): Promise<VariableThen> {
    const then = await variableAt(this.parts, { fleet, name }, cut);
    if (then === undefined) throw noVariable(fleet, name);
    return then;
  }
}
