import type { Hello } from '@sluice/contracts';
import type { Heartbeat } from '@sluice/gating';

import type { FleetFacts } from './fleet-facts.js';

export interface HelloTableOptions {
  /** Hosts that are remembered at once; 200,000 when absent. */
  readonly maxHosts?: number;
  /** A host that is silent for so long may be forgotten for another, in ms; 10 minutes when absent. */
  readonly forgetMs?: number;
}

interface AppFacts {
  readonly heartbeat: Heartbeat;
  readonly life: Life;
}

/** The last process of an app that was heard of, and when the version that it runs was begun anew. */
interface Life {
  readonly version: string | null;
  readonly startedAt: number | null;
  readonly restartedAt: readonly number[];
}

const NO_LIFE: Life = { version: null, startedAt: null, restartedAt: [] };
const MAX_RESTARTS = 16;

/** Another process of the same version is a restart, also when nothing ran in between; one of another is an update. */
function lifeAfter(
  before: Life = NO_LIFE,
  heard: { readonly running: string | null; readonly processStartedAt: number | null; readonly receivedAt: number },
): Life {
  const { running: version, processStartedAt: startedAt, receivedAt } = heard;
  if (version === null || startedAt === null) return before;
  if (version !== before.version) return { version, startedAt, restartedAt: [] };
  if (startedAt === before.startedAt) return before;
  return { version, startedAt, restartedAt: [...before.restartedAt, receivedAt].slice(-MAX_RESTARTS) };
}

interface HostFacts {
  readonly receivedAt: number;
  readonly apps: ReadonlyMap<string, AppFacts>;
  /** Stands for every app that the heartbeat does not name. */
  readonly nothing: Heartbeat;
}

const keyOf = (app: string, group: string): string => JSON.stringify([app, group]);

/** The last heartbeat of each host, bounded. Times are the caller's: agents' clocks are not asked. */
export class HelloTable implements FleetFacts {
  private readonly hosts = new Map<string, HostFacts>();
  /** By app and group. */
  private readonly members = new Map<string, Set<string>>();
  private readonly listeners = new Set<(host: string) => void>();
  private readonly maxHosts: number;
  private readonly forgetMs: number;
  private trouble: string | undefined;
  /** Hosts that found no room. */
  refused = 0;

  constructor({ maxHosts = 200_000, forgetMs = 600_000 }: HelloTableOptions = {}) {
    this.maxHosts = maxHosts;
    this.forgetMs = forgetMs;
  }

  get size(): number {
    return this.hosts.size;
  }

  take(hello: Hello, receivedAt: number): void {
    // Taken out first, so that the map's order is that of the last heartbeats and the stalest host stands in front.
    const before = this.hosts.get(hello.host)?.apps;
    if (!this.forget(hello.host) && !this.makeRoom(receivedAt)) {
      this.refused += 1;
      return;
    }
    const apps = new Map<string, AppFacts>();
    for (const { app, group, running, serving, processStartedAt } of hello.apps) {
      const key = keyOf(app, group);
      const life = lifeAfter(before?.get(key)?.life, { running, processStartedAt, receivedAt });
      const { restartedAt } = life;
      const restarts = restartedAt.length === 0 ? {} : { restartedAt };
      apps.set(key, { heartbeat: { receivedAt, running, serving, ...restarts }, life });
      const members = this.members.get(key) ?? new Set();
      this.members.set(key, members.add(hello.host));
    }
    this.hosts.set(hello.host, { receivedAt, apps, nothing: { receivedAt, running: null, serving: false } });
    for (const heard of this.listeners) heard(hello.host);
  }

  latest(host: string, app: string, group: string): Heartbeat | undefined {
    const facts = this.hosts.get(host);
    return facts?.apps.get(keyOf(app, group))?.heartbeat ?? facts?.nothing;
  }

  heardAt(host: string): number | undefined {
    return this.hosts.get(host)?.receivedAt;
  }

  membersOf(app: string, group: string): Iterable<string> {
    return this.members.get(keyOf(app, group)) ?? [];
  }

  listen(heard: (host: string) => void): () => void {
    this.listeners.add(heard);
    return () => void this.listeners.delete(heard);
  }

  problem(): string | undefined {
    return this.trouble;
  }

  /** Told by whoever feeds the table: why nothing arrives, or undefined when it does again. */
  report(trouble: string | undefined): void {
    this.trouble = trouble;
  }

  private makeRoom(now: number): boolean {
    if (this.hosts.size < this.maxHosts) return true;
    const [stalest] = this.hosts;
    if (stalest === undefined || now - stalest[1].receivedAt < this.forgetMs) return false;
    return this.forget(stalest[0]);
  }

  private forget(host: string): boolean {
    for (const key of this.hosts.get(host)?.apps.keys() ?? []) {
      const members = this.members.get(key);
      members?.delete(host);
      if (members?.size === 0) this.members.delete(key);
    }
    return this.hosts.delete(host);
  }
}
