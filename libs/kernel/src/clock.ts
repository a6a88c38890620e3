/** Cancels the timer that returned it. Cancelling twice, or after it fired, does nothing. */
export type CancelTimer = () => void;

/** Time as a port, so that the simulator can replace it. Times are milliseconds since the epoch. */
export interface Clock {
  now(): number;
  /** Calls `fire` once, `delayMs` from now (at once in a later turn when it is not positive). */
  schedule(delayMs: number, fire: () => void): CancelTimer;
}
