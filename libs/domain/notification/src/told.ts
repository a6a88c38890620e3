import type {
  DomainEvent,
  EventMeta,
  GateAction,
  GateName,
  NotificationType,
  Plan,
  Severity,
  StreamName,
} from '@sluice/contracts';

/** One event of the log with its place: what a notification is made of. */
export interface ToldEvent {
  readonly event: DomainEvent;
  readonly meta: EventMeta;
  readonly stream: StreamName;
  readonly commitId: string;
  /** Place of the event in its commit. */
  readonly index: number;
  readonly position: number;
  /** ms since the epoch. */
  readonly at: number;
}

export type NoticePlan = Pick<
  Plan,
  | 'rolloutId'
  | 'app'
  | 'group'
  | 'version'
  | 'strategy'
  | 'targetCount'
  | 'canaries'
  | 'batches'
  | 'waits'
  | 'approvals'
  | 'gates'
  | 'traffic'
  | 'ramp'
> & {
  /** What a failure of each gate of the plan does. */
  readonly onFail?: Readonly<Record<GateName, GateAction>>;
};

/** What the event alone does not say: the plan of its rollout, and of a group's event the group and its app. */
export interface NoticeContext {
  readonly plan?: NoticePlan;
  readonly group?: string;
  readonly app?: string;
}

/** What a teller knows besides its event. `who` decided. */
export interface Scene {
  readonly plan: NoticePlan;
  readonly group: string;
  readonly who: string;
}

/** What one kind of event says. `state` is the rollout's after it; `about` says where it is not about its stream's plan. */
export interface Telling {
  readonly type: NotificationType;
  readonly severity: Severity;
  readonly state: string;
  readonly text: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly about?: {
    readonly app?: string;
    readonly group?: string;
    readonly version?: string;
    readonly rolloutId?: string;
  };
}
