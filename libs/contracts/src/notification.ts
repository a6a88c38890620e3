export type Severity = 'info' | 'warning' | 'critical';

/** What a notification may be about. The version is that of `data`; what a bot relies on never changes within one. */
export const NOTIFICATION_TYPES = {
  planned: 'sluice.rollout.planned.v1',
  started: 'sluice.rollout.started.v1',
  approvalRequested: 'sluice.rollout.approval-requested.v1',
  approvalGranted: 'sluice.rollout.approval-granted.v1',
  approvalRejected: 'sluice.rollout.approval-rejected.v1',
  batchAwaited: 'sluice.rollout.batch-awaited.v1',
  braked: 'sluice.rollout.braked.v1',
  brakeReleased: 'sluice.rollout.brake-released.v1',
  paused: 'sluice.rollout.paused.v1',
  resumed: 'sluice.rollout.resumed.v1',
  stagePassed: 'sluice.rollout.stage-passed.v1',
  succeeded: 'sluice.rollout.succeeded.v1',
  failed: 'sluice.rollout.failed.v1',
  cancelled: 'sluice.rollout.cancelled.v1',
  closed: 'sluice.rollout.closed.v1',
  rollbackRequested: 'sluice.rollout.rollback-requested.v1',
  dropped: 'sluice.rollout.dropped.v1',
  weightSet: 'sluice.rollout.weight-set.v1',
  weightPublished: 'sluice.rollout.weight-published.v1',
  sideRetired: 'sluice.rollout.side-retired.v1',
  rampSeen: 'sluice.rollout.ramp-seen.v1',
  frozen: 'sluice.rollout.frozen.v1',
  thawed: 'sluice.rollout.thawed.v1',
  freezeOverridden: 'sluice.rollout.freeze-overridden.v1',
  freezeDeclared: 'sluice.freeze.declared.v1',
  freezeLifted: 'sluice.freeze.lifted.v1',
  gateFailed: 'sluice.gate.failed.v1',
  refused: 'sluice.request.refused.v1',
  hostExcluded: 'sluice.group.host-excluded.v1',
  hostIncluded: 'sluice.group.host-included.v1',
  versionBlocked: 'sluice.group.version-blocked.v1',
  versionUnblocked: 'sluice.group.version-unblocked.v1',
} as const;

export type NotificationType = (typeof NOTIFICATION_TYPES)[keyof typeof NOTIFICATION_TYPES];

/** A CloudEvents 1.0 JSON event on `sluice.notify.<app>.<severity>`; `id` is the log event's, so a repeat is known. */
export interface Notification {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  /** `sluice.rollout.braked.v1` and the like. */
  readonly type: NotificationType;
  /** The rollout; for what concerns a group as a whole, the group. */
  readonly subject: string;
  /** RFC 3339. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** Orders the notifications of one rollout as text: log position and index of the event, `0000000000001234.0003`. */
  readonly sequence: string;
  readonly data: NotificationData;
}

export interface NotificationData {
  readonly app: string;
  readonly group: string;
  readonly version: string;
  readonly rolloutId: string;
  readonly severity: Severity;
  /** One sentence for a person, with the numbers. */
  readonly text: string;
  readonly state: string;
  readonly actor: { readonly id: string; readonly kind: string };
  readonly position: number;
  readonly details: Readonly<Record<string, unknown>>;
}
