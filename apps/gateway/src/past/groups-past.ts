import { groupStreamId, type Plan, shardOfGroup } from '@sluice/contracts';
import { evolveGroup, type GroupState, initialGroup } from '@sluice/group';
import type { RolloutSummary } from '@sluice/rollout';

import { refuse } from '../problems/problem.js';
import type { RolloutHistory } from '../read-model/rollout-history.js';
import { Breath } from './breath.js';
import { type AtMoment, type Cut, cutInWords } from './cut.js';
import { atOf, type Folded, type FoldParts, foldUpTo, latest } from './fold.js';
import { HostsOfGroup, type HostThen } from './hosts.js';
import { isOf, notYet, type RolloutsPast, type RolloutThen } from './rollouts-past.js';

/** A group as it was. `plan`: what the newest rollout of then says of its app. */
export interface GroupThen {
  readonly name: string;
  readonly rev: number;
  readonly state: GroupState;
  readonly at: AtMoment;
  readonly app: string | null;
  readonly environment: string | null;
  /** By name. */
  readonly hosts: readonly HostThen[];
  /** The rollout that held the lease. */
  readonly active: RolloutThen | undefined;
}

export interface GroupLease extends Pick<GroupThen, 'rev' | 'state' | 'at'> {
  readonly beyond: Folded['beyond'];
}

/** Rollouts of one group that are looked at for what its hosts run; more only tell of hosts that were left out for years. */
const MAX_ROLLOUTS = 20;
const PAGE = 50;
/** Hosts after which others get their turn. */
const HOSTS_AT_ONCE = 2_000;

/** Groups as they were: what their own streams say, and what their rollouts did to their hosts. */
export class GroupsPast {
  constructor(
    private readonly parts: FoldParts,
    private readonly history: Pick<RolloutHistory, 'list'>,
    private readonly rollouts: RolloutsPast,
  ) {}

  /** Undefined when the log holds nothing of it. Codes NOT_YET, MOMENT_ARCHIVED, TOO_LONG. */
  async at(name: string, cut: Cut): Promise<GroupThen | undefined> {
    const lease = await this.leaseAt(name, cut);
    if (lease === undefined) return undefined;
    if (lease.rev === 0) throw notYet(`group ${name.slice(0, 60)}`, cut, lease.beyond);
    return this.whole(name, cut, lease);
  }

  /** What its own stream says; rev 0 when it says something only behind the cut. Codes MOMENT_ARCHIVED, TOO_LONG. */
  async leaseAt(name: string, cut: Cut): Promise<GroupLease | undefined> {
    const stream = { shard: shardOfGroup(name), writer: 'group', id: groupStreamId(name) } as const;
    let state = initialGroup();
    let rev = 0;
    const folded = await foldUpTo(this.parts, { streams: [stream], cut }, (commit) => {
      if (!isOf(commit, 'group')) return;
      for (const event of commit.events) state = evolveGroup(state, event);
      rev = commit.head.rev;
    });
    if (rev === 0 && (folded.beyond?.head.rev ?? 1) > 1) throw archived(name, cut);
    if (rev === 0 && folded.beyond === undefined) return undefined;
    return { rev, state, at: atOf(cut, folded), beyond: folded.beyond };
  }

  async whole(name: string, cut: Cut, { rev, state, at }: GroupLease): Promise<GroupThen> {
    const hosts = new HostsOfGroup();
    const breath = new Breath(this.parts.clock, HOSTS_AT_ONCE);
    const moments = [at];
    let plan: Plan | undefined;
    for await (const then of this.rolloutsOf(name, cut)) {
      plan ??= then.state.plan;
      moments.push(then.at);
      await hosts.add(then.state, breath);
      if (moments.length > MAX_ROLLOUTS || !hosts.wantsMore) break;
    }
    const active = state.active === undefined ? undefined : await this.rollouts.planned(state.active, cut);
    if (active !== undefined) moments.push(active.at);
    const { app = null, environment = null } = plan ?? {};
    return { name, rev, state, at: latest(moments), app, environment, hosts: hosts.all(), active };
  }

  /** Its rollouts that were planned by then, the newest first. */
  private async *rolloutsOf(group: string, cut: Cut): AsyncGenerator<RolloutThen> {
    let before = cut.kind === 'position' ? cut.position + 1 : undefined;
    do {
      const page = await this.history.list({ group, limit: PAGE, ...(before === undefined ? {} : { before }) });
      for (const summary of page.items) {
        if (cut.kind === 'time' && summary.plannedAt > cut.time) continue;
        const then = namesHosts(summary) ? await this.rollouts.planned(summary.id, cut) : undefined;
        if (then !== undefined) yield then;
      }
      before = page.next;
    } while (before !== undefined);
  }
}

const namesHosts = ({ traffic, ramp }: RolloutSummary): boolean => traffic === undefined && ramp === undefined;

const archived = (name: string, cut: Cut): Error =>
  refuse(
    'MOMENT_ARCHIVED',
    `what group ${name.slice(0, 60)} was at ${cutInWords(cut)} has left the log for the archive: ask for a later moment, or read the archive (sluice audit export)`,
  );
