import type { Heartbeat } from '@sluice/gating';

/** What the gate knows of the fleet. */
export interface FleetFacts {
  /**
   * The last heartbeat about that app on that host: the same object until the next one. One that does not name the app
   * says that nothing of it runs. Undefined when the host was never heard of.
   */
  latest(host: string, app: string, group: string): Heartbeat | undefined;
  /** When the host was heard of last, ms; undefined when it never was. */
  heardAt(host: string): number | undefined;
  /** Hosts whose last heartbeat named that app in that group. */
  membersOf(app: string, group: string): Iterable<string>;
  /** Calls `heard` after each heartbeat, with its host. Returns what ends it. */
  listen(heard: (host: string) => void): () => void;
  /** Why heartbeats cannot be read at all, or undefined when they can. */
  problem(): string | undefined;
}
