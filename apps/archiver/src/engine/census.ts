import { groupStreamId, type Plan, type RecordedCommit, type RolloutEvent, type Shard } from '@sluice/contracts';
import { evolveGroup, type GroupState, initialGroup } from '@sluice/group';

/** What stands in the log of one id, as far as archiving is concerned. */
export interface Counted {
  readonly id: string;
  readonly shard: Shard;
  /** Log position of its last commit, and its time in ms since the epoch. */
  position: number;
  at: number;
}

export type PlanPart = Pick<Plan, 'group' | 'version' | 'rollbackOf'>;

export interface CountedRollout extends Counted {
  /** Undefined until its plan is sealed. */
  plan: PlanPart | undefined;
  refused: boolean;
  ended: boolean;
  /** Fencing token of its lease; 0 when it never started. */
  token: number;
  /** Rollbacks of it that were ordered. */
  rollbacks: number;
}

export interface CountedGroup extends Counted {
  state: GroupState;
  /** Commits of the `group` stream that stand before its last checkpoint. */
  before: number;
  /** Commits of the `group` stream since then, with it. */
  since: number;
  checkpoint: { readonly position: number; readonly at: number } | undefined;
}

const ENDS: ReadonlySet<RolloutEvent['type']> = new Set<RolloutEvent['type']>([
  'RolloutSucceeded',
  'RolloutCancelled',
  'RolloutClosed',
]);

/** What stands in the log: open rollouts, those that ended and are not archived yet, and the groups. */
export class Census {
  readonly rollouts = new Map<string, CountedRollout>();
  readonly groups = new Map<string, CountedGroup>();
  position = 0;

  apply(commit: RecordedCommit): void {
    this.position = commit.head.position;
    const { writer, id } = commit.stream;
    if (writer === 'group') this.applyGroup(commit as RecordedCommit<'group'>);
    else if (!id.startsWith('g')) this.applyRollout(commit);
  }

  /** A rollout's own id, or that of a request that was refused. */
  private applyRollout(commit: RecordedCommit): void {
    const { id, shard } = commit.stream;
    const known = this.rollouts.get(id) ?? newRollout(id, shard);
    this.rollouts.set(id, known);
    known.position = commit.head.position;
    known.at = Math.max(known.at, commit.head.at);
    for (const event of commit.events) {
      if (event.type === 'RolloutPlanned') known.plan = partOf(event.plan);
      else if (event.type === 'RequestRefused') known.refused = true;
      else if (event.type === 'RolloutStarted') known.token = event.token;
      else if (event.type === 'RollbackRequested') known.rollbacks = event.ordinal;
      else if (commit.stream.writer === 'exec' && ENDS.has(event.type as RolloutEvent['type'])) known.ended = true;
    }
  }

  private applyGroup(commit: RecordedCommit<'group'>): void {
    const { id, shard } = commit.stream;
    const { position, at } = commit.head;
    const known = this.groups.get(id) ?? newGroup(id, shard);
    this.groups.set(id, known);
    known.state = commit.events.reduce(evolveGroup, known.state);
    known.position = position;
    known.at = at;
    known.since += 1;
    if (!commit.events.some(({ type }) => type === 'GroupCheckpointed')) return;
    known.checkpoint = { position, at };
    known.before += known.since - 1;
    known.since = 1;
  }

  groupNamed(name: string): GroupState {
    return this.groups.get(groupStreamId(name))?.state ?? initialGroup();
  }
}

/** A plan as a whole may be large. */
const partOf = ({ group, version, rollbackOf }: Plan): PlanPart =>
  rollbackOf === undefined ? { group, version } : { group, version, rollbackOf };

const newRollout = (id: string, shard: Shard): CountedRollout => ({
  ...{ id, shard, position: 0, at: 0 },
  ...{ plan: undefined, refused: false, ended: false, token: 0, rollbacks: 0 },
});

const newGroup = (id: string, shard: Shard): CountedGroup => ({
  ...{ id, shard, position: 0, at: 0 },
  ...{ state: initialGroup(), before: 0, since: 0, checkpoint: undefined },
});
