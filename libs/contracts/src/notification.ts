export type Severity = 'info' | 'warning' | 'critical';

/** A CloudEvents 1.0 JSON event on `sluice.notify.<app>.<severity>`; `id` is the log event's, so a repeat is known. */
export interface Notification {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  /** `sluice.rollout.braked.v1` and the like. */
  readonly type: string;
  /** The rollout. */
  readonly subject: string;
  /** RFC 3339. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** Orders the notifications of one rollout: grows, no gaps meant. */
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
