import { Agent, request } from 'node:http';

import type { NatsConnection } from '@nats-io/nats-core';
import { type HelloApp, parseHello, SUBJECTS } from '@sluice/contracts';

import { APP } from './fleet.js';

interface Place {
  readonly host: string;
  readonly app: HelloApp;
}

const REQUEST_EVERY_MS = 20;
const TIMEOUT_MS = 3_000;

/**
 * A client of the fleet: it learns from heartbeats who serves, and sends requests to those without pause. It knows
 * nothing of rollouts; what it counts as failed, a user would have seen.
 */
export class Traffic {
  ok = 0;
  failed = 0;
  readonly failures: string[] = [];
  private readonly places = new Map<string, Place>();
  private readonly worst = new Map<string, number>();
  private readonly keepAlive = new Agent({ keepAlive: true, maxSockets: 4 });
  private next = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly nats: NatsConnection) {}

  start(): void {
    this.nats.subscribe(SUBJECTS.allHellos, {
      callback: (error, message) => {
        if (error === null) this.learn(message.data);
      },
    });
    this.timer = setInterval(() => this.send(), REQUEST_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.keepAlive.destroy();
  }

  /** Version -> how many hosts run it, of one group or of all. */
  versions(group?: string): Readonly<Record<string, number>> {
    const tally: Record<string, number> = {};
    for (const { app } of this.of(group)) tally[app.running ?? 'none'] = (tally[app.running ?? 'none'] ?? 0) + 1;
    return tally;
  }

  serving(group?: string): number {
    return this.of(group).filter(({ app }) => app.serving).length;
  }

  /** Forgets the worst that was seen of a group. */
  watch(group: string): void {
    this.worst.set(group, this.of(group).length - this.serving(group));
  }

  /** The most hosts of the group that were out of service at once since `watch`. */
  mostUnavailable(group: string): number {
    return this.worst.get(group) ?? 0;
  }

  private of(group?: string): Place[] {
    return [...this.places.values()].filter(({ app }) => group === undefined || app.group === group);
  }

  private learn(data: Uint8Array): void {
    const hello = parseHello(data);
    // The shop has a client of its own.
    for (const app of hello.apps.filter((each) => each.app === APP)) {
      this.places.set(`${hello.host}/${app.app}`, { host: hello.host, app });
      const worst = this.worst.get(app.group);
      if (worst !== undefined)
        this.worst.set(app.group, Math.max(worst, this.of(app.group).length - this.serving(app.group)));
    }
  }

  private send(): void {
    const serving = this.of().filter(({ app }) => app.serving && app.endpoint !== null);
    const place = serving[this.next++ % Math.max(1, serving.length)];
    if (place?.app.endpoint === null || place === undefined) return;
    const [host, port] = place.app.endpoint.split(':');
    const sent = request({ host, port, path: '/', agent: this.keepAlive, timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      response.on('end', () =>
        response.statusCode === 200 ? (this.ok += 1) : this.fail(place, `status ${response.statusCode}`),
      );
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', (error) => this.fail(place, error.message));
    sent.end();
  }

  private fail(place: Place, why: string): void {
    this.failed += 1;
    if (this.failures.length < 20) this.failures.push(`${place.host}: ${why}`);
  }
}
