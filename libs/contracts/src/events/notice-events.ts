import type { Severity } from '../notification.js';

/** Written by the notifier on `notice` streams (one per rollout): the delivery ledger. */
export type NoticeEvent = {
  readonly type: 'NoticeDelivered';
  /** The CloudEvent's id = commit id and index of the log event that it tells. */
  readonly notificationId: string;
  readonly notificationType: string;
  readonly severity: Severity;
  /** Log position of the event that it tells. */
  readonly position: number;
};
