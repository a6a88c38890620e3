import type { Actor } from '@sluice/kernel';

import type { StreamName, Writer } from '../subjects.js';
import type { DependencyEvent } from './dependency-events.js';
import type { FreezeEvent } from './freeze-events.js';
import type { GateEvent } from './gate-events.js';
import type { GroupEvent } from './group-events.js';
import type { NoticeEvent } from './notice-events.js';
import type { PlanEvent } from './plan-events.js';
import type { HoldEvent, LabelEvent } from './record-events.js';
import type { RolloutEvent } from './rollout-events.js';
import type { RosterEvent, VariableEvent } from './variable-events.js';

export type { DependencyEvent, ForcedMode } from './dependency-events.js';
export type { FreezeEvent } from './freeze-events.js';
export type { Drift, FleetEvent, FoundDrift, GateEvent, GateJudged, SeenMember, Verdict } from './gate-events.js';
export type { GroupEvent, LeaseOutcome, VersionSuccess } from './group-events.js';
export type { NoticeEvent } from './notice-events.js';
export type { PlanEvent, UnreachableHosts } from './plan-events.js';
export type { HoldEvent, LabelEvent } from './record-events.js';
export type {
  BehindMembers,
  BrakeCause,
  EndCause,
  RampEvent,
  RollbackTarget,
  RolloutEvent,
  TargetCounts,
  WaitKind,
} from './rollout-events.js';
export type { TrafficEvent } from './traffic-events.js';
export type {
  AssignmentRule,
  RampPhase,
  RosterCheckpoint,
  RosterEvent,
  Side,
  StopCause,
  VariableCheckpoint,
  VariableEvent,
} from './variable-events.js';

export type DomainEvent =
  | PlanEvent
  | RolloutEvent
  | GroupEvent
  | GateEvent
  | DependencyEvent
  | NoticeEvent
  | FreezeEvent
  | LabelEvent
  | HoldEvent
  | RosterEvent
  | VariableEvent;

/** Which events a writer's streams hold. */
export interface EventsOfWriter {
  readonly plan: PlanEvent;
  readonly exec: RolloutEvent;
  readonly group: GroupEvent;
  readonly gate: GateEvent;
  readonly notice: NoticeEvent;
  /** One stream holds the roster of hosts, every other a variable. */
  readonly variable: RosterEvent | VariableEvent;
  readonly dependency: DependencyEvent;
  readonly freeze: FreezeEvent;
  readonly label: LabelEvent;
  readonly hold: HoldEvent;
}

/** Who decided, on what input (a command id, an attempt, a request), for which deploy request. */
export interface EventMeta {
  readonly by: Actor;
  readonly cause: string;
  readonly corr: string;
}

/** Where a stream stands: what an append must name. `position` is the log's, `hash` of the last commit's raw bytes. */
export interface StreamHead {
  readonly rev: number;
  readonly hash: string;
  readonly position: number;
  /** `at` of the last commit: an append never goes behind it. */
  readonly at: number;
}

/** The head of a stream that nobody has written. */
export const EMPTY_HEAD: StreamHead = { rev: 0, hash: '', position: 0, at: 0 };

/** One decided event with its reasons, as a writer hands it to the log. */
export interface EventToAppend<E = DomainEvent> {
  readonly event: E;
  readonly meta: EventMeta;
}

/** One commit as readers see it. `meta[i]` belongs to `events[i]`. */
export interface RecordedCommit<W extends Writer = Writer> {
  readonly id: string;
  readonly stream: StreamName & { readonly writer: W };
  readonly head: StreamHead;
  readonly prev: string;
  readonly events: readonly EventsOfWriter[W][];
  readonly meta: readonly EventMeta[];
}
