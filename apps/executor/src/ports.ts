import type { AttemptStatus, Plan, PlannableMember, RunCommand, RunReply, Shard, StatusQuery } from '@sluice/contracts';
import type { EventLog, LogPlace } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';

import type { BalancerPort } from './balancer/ports.js';
import type { RampPort } from './ramps/ports.js';
import type { TrafficPorts } from './traffic/ports.js';
import type { FreezesPort } from './freezes/ports.js';
import type { LogLoss } from '@sluice/rollout';

/** How a request to a host ended: `unreachable` = nobody listens there (known at once), `noAnswer` = not known. */
export type Answered<T> =
  { readonly kind: 'answer'; readonly value: T } | { readonly kind: 'unreachable' } | { readonly kind: 'noAnswer' };

/** The executor's way to the hosts. */
export interface AgentPort {
  run(command: RunCommand): Promise<Answered<RunReply>>;
  status(host: string, query: StatusQuery): Promise<Answered<AttemptStatus>>;
}

/** Who keeps the inventory. */
export interface MembersPort {
  /** All members of the plan's group as they are now. Throws when nobody can say. */
  membersOf(plan: Plan): Promise<readonly PlannableMember[]>;
}

/** What the engine says about its own course; never a secret. */
export interface EngineLogger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export const silentLogger: EngineLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };

export interface ExecutorDeps {
  readonly log: EventLog;
  readonly clock: Clock;
  /** A fresh ULID. */
  readonly newId: () => string;
  readonly agents: AgentPort;
  /** The load balancers of plans that have one; without it they are all down. */
  readonly balancers?: BalancerPort;
  /** Of plans that shift traffic; without it nothing of them is done. */
  readonly traffic?: TrafficPorts;
  /** The variables of plans that are ramps; without it nothing of them is done. */
  readonly ramps?: RampPort;
  /** Freeze windows and stop-the-line; without it nothing is ever frozen. */
  readonly freezes?: FreezesPort;
  readonly shards: readonly Shard[];
  /** Asked at each retry; without it a retry has the members that the plan has. */
  readonly members?: MembersPort;
  readonly logger?: EngineLogger;
  /** What was known of the log before; see FollowOptions. */
  readonly after?: LogPlace;
  /** The log lost its tail: what is open when it has been folded is braked. */
  readonly loss?: LogLoss;
  /** Told of each commit that was read. */
  readonly saw?: (place: LogPlace) => void;
}
