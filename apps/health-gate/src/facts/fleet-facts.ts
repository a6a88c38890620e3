import type { Heartbeat } from '@sluice/gating';

/** What the gate knows of the fleet. */
export interface FleetFacts {
  /**
   * The last heartbeat about that app on that host: the same object until the next one. One that does not name the app
   * says that nothing of it runs. Undefined when the host was never heard of.
   */
  latest(host: string, app: string, group: string): Heartbeat | undefined;
  /** Calls `heard` after each heartbeat, with its host. Returns what ends it. */
  listen(heard: (host: string) => void): () => void;
  /** Why heartbeats cannot be read at all, or undefined when they can. */
  problem(): string | undefined;
}
