/** A part of the system that runs until it is stopped. */
export interface RunningService {
  readonly name: string;
  /** Resolves when it has ended by itself and cannot go on: its process is to end with that. */
  readonly failed?: Promise<Error>;
  /** Stops intake first, then drains with a bound. Stopping twice is stopping once. */
  stop(): Promise<void>;
}

/** The part of a logger that this package writes to; the services' loggers are one. */
export interface Log {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** Says nothing. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
