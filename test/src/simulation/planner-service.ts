import {
  type DeployRequest,
  type DomainEvent,
  type GroupEntry,
  hashOf,
  type InventoryRecord,
  type MemberEntry,
  type Plan,
  type RequestOutcome,
} from '@sluice/contracts';
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

  constructor(parts: ServiceParts, inventory: InventoryPort, amend?: (plan: Plan) => Plan) {
    const log = logOf(this.life, amend === undefined ? parts.log : amended(parts.log, amend));
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

/** A log that seals another plan than the planner made: for what a plan can say and no request can ask for yet. */
function amended(log: EventLog, amend: (plan: Plan) => Plan): EventLog {
  const change = <E extends DomainEvent>(event: E): E => {
    if (event.type !== 'RolloutPlanned' || event.plan.strategy === 'rollback') return event;
    const plan = amend(event.plan);
    return { ...event, plan, planHash: hashOf(plan) };
  };
  return {
    append: (stream, expected, draft) => {
      const events = draft.events.map(({ event, meta }) => ({ event: change(event), meta }));
      return log.append(stream, expected, { ...draft, events });
    },
    read: (stream, fromRev) => log.read(stream, fromRev),
    last: (stream) => log.last(stream),
    follow: (options) => log.follow(options),
    position: () => log.position(),
  };
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
