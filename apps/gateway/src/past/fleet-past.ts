import {
  dependencyStreamId,
  FREEZE_STREAM,
  HOLD_STREAM,
  type RecordedCommit,
  shardOfGroup,
  type StreamName,
} from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';

import { ProblemError } from '../problems/problem.js';
import { DependencyIndex, type DependencyView } from '../read-model/dependency-index.js';
import { FreezeIndex, type FreezeView } from '../read-model/freeze-index.js';
import { holdsOf, type HoldView } from '../read-model/holds.js';
import type { GroupIndex } from '../read-model/group-index.js';
import type { AtMoment, Cut } from './cut.js';
import { type Folded, type FoldParts, foldUpTo, latest } from './fold.js';
import { type FleetGroup, fleetGroup } from './group-view.js';
import type { GroupLease, GroupsPast, GroupThen } from './groups-past.js';
import { isOf } from './rollouts-past.js';

export interface FleetQuery {
  /** Only groups behind that one. */
  readonly after?: string | undefined;
  readonly limit: number;
  readonly sees: (group: string) => boolean;
}

/** What holds for all groups. `position` and `at`: of the last commit that says so. */
export interface Surroundings {
  readonly freezes: readonly FreezeView[];
  readonly dependencies: readonly DependencyView[];
  readonly holds: readonly HoldView[];
  readonly position: number;
  readonly time: number;
}

/** A group at two moments. */
export type Both =
  | 'archived'
  | { readonly same: true; readonly before: GroupLease; readonly after: GroupLease }
  | { readonly same: false; readonly before: GroupThen | undefined; readonly after: GroupThen | undefined };

/** Groups by name. `archived`: those whose state then has left the log. `at`: of the last commit that says something of them. */
export interface FleetGroups {
  readonly items: readonly FleetGroup[];
  readonly archived: readonly string[];
  readonly next: string | undefined;
  readonly at: AtMoment;
}

/** Groups that one page looks at; those that were not there yet are none of its rows. */
const MAX_LOOKED_AT = 500;

/** The whole fleet as it was: its groups, page by page, and what holds for all of them. */
export class FleetPast {
  constructor(
    private readonly parts: FoldParts,
    private readonly groups: Pick<GroupsPast, 'leaseAt' | 'whole'>,
    private readonly index: Pick<GroupIndex, 'names'>,
    private readonly dependencies: Pick<DependencyIndex, 'list'>,
  ) {}

  names({ after, sees }: Pick<FleetQuery, 'after' | 'sees'>): readonly string[] {
    return [...this.index.names()].filter((name) => sees(name) && (after === undefined || name > after)).toSorted();
  }

  /** The hosts of each group are let go before the next one is looked at. */
  async page(cut: Cut, query: FleetQuery): Promise<FleetGroups> {
    const names = this.names(query);
    const items: FleetGroup[] = [];
    const archived: string[] = [];
    let at: AtMoment = { position: 0, time: 0 };
    let looked = 0;
    for (const name of names) {
      if (items.length === query.limit || looked === MAX_LOOKED_AT)
        return { items, archived, next: names[looked - 1], at };
      looked += 1;
      const group = await this.group(name, cut);
      if (group === undefined) continue;
      if (group === 'archived') {
        archived.push(name);
        continue;
      }
      at = latest([at, group.at]);
      items.push(fleetGroup(group));
    }
    return { items, archived, next: undefined, at };
  }

  /** Undefined for one that was not there yet. */
  async group(name: string, cut: Cut): Promise<GroupThen | 'archived' | undefined> {
    const lease = await this.lease(name, cut);
    return lease === undefined || lease === 'archived' ? lease : this.groups.whole(name, cut, lease);
  }

  /** The same at two moments; `same` when nothing can have changed between them, which is found out without its hosts. */
  async groupAtBoth(name: string, [from, to]: readonly [Cut, Cut]): Promise<Both> {
    const [before, after] = [await this.lease(name, from), await this.lease(name, to)];
    if (before === 'archived' || after === 'archived') return 'archived';
    if (before !== undefined && after?.rev === before.rev && before.state.active === undefined)
      return { same: true, before, after };
    return {
      same: false,
      before: before && (await this.groups.whole(name, from, before)),
      after: after && (await this.groups.whole(name, to, after)),
    };
  }

  private async lease(name: string, cut: Cut): Promise<GroupLease | 'archived' | undefined> {
    try {
      const lease = await this.groups.leaseAt(name, cut);
      return lease?.rev === 0 ? undefined : lease;
    } catch (error) {
      if (isArchived(error)) return 'archived';
      throw error;
    }
  }

  /** Freezes that were declared and not over, legal holds, and dependencies as they were. */
  async surroundings(cut: Cut): Promise<Surroundings> {
    let time = cut.time ?? 0;
    let position = 0;
    const clock: Clock = { now: () => time, schedule: () => () => {} };
    const freezes = new FreezeIndex(clock);
    const dependencies = new DependencyIndex({ groupEntries: () => [] }, clock);
    const note = ({ last }: Folded): void => {
      position = Math.max(position, last?.position ?? 0);
      if (cut.time === undefined) time = Math.max(time, last?.at ?? 0);
    };
    const holds: RecordedCommit<'hold'>[] = [];
    note(
      await this.fold(HOLD_STREAM, cut, (commit) => {
        if (isOf(commit, 'hold')) holds.push(commit);
      }),
    );
    note(await this.fold(FREEZE_STREAM, cut, (commit) => freezes.apply(commit)));
    for (const { name } of this.dependencies.list()) {
      const stream = { shard: shardOfGroup(name), writer: 'dependency', id: dependencyStreamId(name) } as const;
      note(await this.fold(stream, cut, (commit) => dependencies.apply(commit)));
    }
    const told = dependencies.list().filter(({ rev }) => rev > 0);
    return { freezes: freezes.list().items, dependencies: told, holds: holdsOf(holds).items, position, time };
  }

  private fold(stream: StreamName, cut: Cut, apply: (commit: RecordedCommit) => void): Promise<Folded> {
    return foldUpTo(this.parts, { streams: [stream], cut }, apply);
  }
}

const isArchived = (error: unknown): boolean =>
  error instanceof ProblemError && error.problem.code === 'MOMENT_ARCHIVED';
