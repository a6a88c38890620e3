import type {
  DeployRequest,
  GroupEntry,
  InventoryRecord,
  MemberEntry,
  Plan,
  PlannableMember,
  RequestOutcome,
} from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { type Clock, SluiceError } from '@sluice/kernel';
import { silentLog } from '@sluice/messaging';
import {
  followRollbacks,
  GroupMembers,
  type InventoryPort,
  LogGroupFacts,
  PlannerEngine,
  RollbackPlanner,
} from '@sluice/planner';

import { clockOf, Life, logOf } from './life.js';

export interface ServiceParts {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** One life of the planner: it answers requests and plans the rollbacks that the log asks for. */
export class PlannerService {
  readonly life = new Life();
  private readonly engine: PlannerEngine;
  private readonly members: GroupMembers;

  constructor(parts: ServiceParts, inventory: InventoryPort) {
    const log = logOf(this.life, parts.log);
    const deps = {
      log,
      clock: clockOf(this.life, parts.clock),
      newId: parts.newId,
      inventory,
      groups: new LogGroupFacts(log),
    };
    this.engine = new PlannerEngine(deps);
    this.members = new GroupMembers(deps);
    const following = followRollbacks(new RollbackPlanner(deps), deps.clock, silentLog);
    this.life.signal.addEventListener('abort', () => void following.stop(), { once: true });
  }

  /** As an executor asks for them, page by page. */
  async membersOf({ group, app, spec, profiles }: Plan): Promise<readonly PlannableMember[]> {
    const query = { v: 1, group, app, profile: spec.profile, ...(profiles === undefined ? {} : { profiles }) } as const;
    const found: PlannableMember[] = [];
    for (let more = true; more;) {
      const after = found.at(-1)?.host;
      const asked = after === undefined ? query : { ...query, after };
      const page = await this.life.answering(() => this.members.page(asked));
      if (!page.ok) throw new SluiceError(page.code, page.message);
      found.push(...page.members);
      more = page.more;
    }
    return found;
  }

  submit(request: DeployRequest): Promise<RequestOutcome> {
    const bytes = new TextEncoder().encode(JSON.stringify(request));
    return this.life.answering(() => this.engine.submit(bytes, request.app));
  }
}

/** The inventory as a list that a test holds. */
export class ListedInventory implements InventoryPort {
  readonly listed = new Map<string, MemberEntry>();
  /** Nothing of it can be read. */
  isDown = false;

  constructor(private readonly groups: readonly GroupEntry[]) {}

  async group(name: string): Promise<InventoryRecord<GroupEntry> | undefined> {
    this.assertUp();
    const entry = this.groups.find((each) => each.name === name);
    return entry === undefined ? undefined : record(entry);
  }

  async members(): Promise<readonly InventoryRecord<MemberEntry>[]> {
    this.assertUp();
    return [...this.listed.values()].map(record);
  }

  async templates(): Promise<ReadonlyMap<string, never>> {
    return new Map<string, never>();
  }

  /** Only one of the groups has members: no other shares its hosts. */
  async sharing(): Promise<readonly never[]> {
    this.assertUp();
    return [];
  }

  private assertUp(): void {
    if (this.isDown) throw new SluiceError('NATS_UNAVAILABLE', 'the inventory cannot be read');
  }
}

const record = <E>(entry: E): InventoryRecord<E> => ({ v: 1, source: 'file', version: 1, fetchedAt: 0, entry });
