import type { Notification } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';
import type { Log } from '@sluice/messaging';

/** Where notifications go. */
export interface NoticePublisher {
  /**
   * Resolves when the notification will not be lost; a repeat of the same id is told once. Code NOTICE_REFUSED when it
   * can never be published; everything else is tried again.
   */
  publish(notification: Notification): Promise<void>;
}

/** Where to go on after a restart, so that a start does not need the whole history. */
export interface PositionStore {
  /** 0 when nothing is remembered. */
  load(): Promise<number>;
  save(position: number): Promise<void>;
}

export interface NotifierDeps {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly publisher: NoticePublisher;
  /** From the beginning of the log when absent. */
  readonly positions?: PositionStore;
  readonly logger?: Log;
  readonly limits?: Partial<NotifierLimits>;
}

export interface NotifierLimits {
  /** Events that wait to be told, over all rollouts; the rest waits in the log. */
  readonly maxPending: number;
  /** Rollouts that are told of at once. */
  readonly lanes: number;
  /** Notices of one rollout that are recorded in one commit. */
  readonly perCommit: number;
  /** Rollouts whose ledger and plan are remembered while nothing of them waits. */
  readonly remembered: number;
}

export const DEFAULT_LIMITS: NotifierLimits = { maxPending: 10_000, lanes: 16, perCommit: 64, remembered: 5_000 };
