import type { DeployRequest, GroupEntry, InventoryRecord, MemberEntry, RequestOutcome } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { type Clock, isSluiceError } from '@sluice/kernel';
import { type InventoryPort, LogGroupFacts, PlannerEngine, RollbackPlanner } from '@sluice/planner';

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
    new RollbackPlanner(deps)
      .follow(1, this.life.signal, { seen: () => undefined, answered: () => undefined })
      .catch((error: unknown) => {
        if (!isSluiceError(error)) throw error;
      });
  }

  submit(request: DeployRequest): Promise<RequestOutcome> {
    const bytes = new TextEncoder().encode(JSON.stringify(request));
    return this.life.answering(() => this.engine.submit(bytes, request.app));
  }
}

/** The inventory as a list that a test holds. */
export class ListedInventory implements InventoryPort {
  readonly listed = new Map<string, MemberEntry>();

  constructor(private readonly entry: GroupEntry) {}

  async group(name: string): Promise<InventoryRecord<GroupEntry> | undefined> {
    return name === this.entry.name ? record(this.entry) : undefined;
  }

  async members(): Promise<readonly InventoryRecord<MemberEntry>[]> {
    return [...this.listed.values()].map(record);
  }

  async templates(): Promise<ReadonlyMap<string, never>> {
    return new Map<string, never>();
  }

  /** One group: no other shares its hosts. */
  async sharing(): Promise<readonly never[]> {
    return [];
  }
}

const record = <E>(entry: E): InventoryRecord<E> => ({ v: 1, source: 'file', version: 1, fetchedAt: 0, entry });
