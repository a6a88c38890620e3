import { read } from '@sluice/gating';

import type { FleetFacts } from '../facts/fleet-facts.js';
import type { OpenRequest, RolloutWatch } from '../watch/rollout-watch.js';

/** Which open `ready` requests wait for which hosts. Holds the targets of open stages and nothing else. */
export class HostIndex {
  private readonly hosts = new Map<string, Map<RolloutWatch, number>>();
  private readonly open = new Map<RolloutWatch, { readonly request: OpenRequest; readonly hosts: readonly string[] }>();

  constructor(private readonly facts: FleetFacts) {}

  /** Starts to listen for the stage's hosts, and reads what they said last. */
  add(watch: RolloutWatch): void {
    const { request } = watch;
    if (request === undefined || this.open.get(watch)?.request === request) return;
    this.remove(watch);
    const hosts: string[] = [];
    for (let target = request.stage.from; target < request.stage.to; target += 1) {
      const host = watch.state.targets[target]?.host ?? '';
      hosts.push(host);
      const waiting = this.hosts.get(host) ?? new Map<RolloutWatch, number>();
      waiting.set(watch, target);
      this.hosts.set(host, waiting);
      this.read(watch, target, host);
    }
    this.open.set(watch, { request, hosts });
  }

  remove(watch: RolloutWatch): void {
    for (const host of this.open.get(watch)?.hosts ?? []) {
      const waiting = this.hosts.get(host);
      waiting?.delete(watch);
      if (waiting?.size === 0) this.hosts.delete(host);
    }
    this.open.delete(watch);
  }

  /** The rollouts that a heartbeat of this host says something to. */
  *hear(host: string): Generator<RolloutWatch> {
    for (const [watch, target] of this.hosts.get(host) ?? []) {
      this.read(watch, target, host);
      yield watch;
    }
  }

  private read(watch: RolloutWatch, target: number, host: string): void {
    const { app, group, version } = watch.plan;
    const doneAt = watch.doneAt.get(target);
    const heartbeat = doneAt === undefined ? undefined : this.facts.latest(host, app, group);
    if (heartbeat === undefined || doneAt === undefined) return;
    const reading = read(watch.readings.get(target), heartbeat, { version, doneAt });
    if (reading !== undefined) watch.readings.set(target, reading);
  }
}
