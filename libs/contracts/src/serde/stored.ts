import type { Actor } from '@sluice/kernel';

/**
 * An event as it lies in the log. Absent `by`, `cause` and `corr` are those of the event before it in the commit (the
 * first event always has them), so what events share is written once. `v` is absent for payload version 1.
 */
export interface StoredEvent {
  readonly type: string;
  readonly v?: number;
  readonly by?: Actor;
  readonly cause?: string;
  readonly corr?: string;
  readonly data: unknown;
}

/** A commit as it lies in the log, one JSON message (design 4). `stream` is `<writer>.<id>`. */
export interface StoredCommit {
  readonly v: 1;
  readonly id: string;
  readonly stream: string;
  readonly rev: number;
  readonly at: number;
  readonly prev: string;
  readonly events: readonly StoredEvent[];
}
