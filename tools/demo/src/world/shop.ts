import {
  haproxyMissing,
  prometheusMissing,
  type PrometheusOptions,
  type PrometheusTarget,
  type RunningHaproxy,
  type RunningPrometheus,
  startHaproxy,
  startPrometheus,
} from '@sluice/testing';

import { Judge } from './judge.js';

/** A group with two sides, each of a web service that asks the search service of its side. */
export const SHOP = 'shop';
export const SIDES = ['blue', 'green'] as const;
export const SERVICES = ['web', 'search'] as const;

export type Side = (typeof SIDES)[number];
export type Service = (typeof SERVICES)[number];

/** One host for each side, with both services. */
export const shopHost = (side: Side): string => `shop-${side}`;
export const shopApp = (service: Service): string => `shop-${service}`;
/** The group of hosts that a service has on a side. */
export const shopGroup = (service: Service, side: Side): string => `${service}-${side}`;

/** Of a service on a side. */
export type ShopPorts = (service: Service, side: Side) => number;

/** So many of them there are. */
export const SHOP_PORTS = SIDES.length * SERVICES.length;

export const shopPorts =
  (ports: readonly number[]): ShopPorts =>
  (service, side) =>
    ports[SIDES.indexOf(side) * SERVICES.length + SERVICES.indexOf(service)] ?? 0;

/** What the agent of the app is told besides: where the search of its own side is. */
export const shopEnv = (service: Service, side: Side, ports: ShopPorts): Readonly<Record<string, string>> =>
  service === 'web' ? { SEARCH: `http://127.0.0.1:${ports('search', side)}/` } : {};

/** The entry of the group in an inventory, with or without a balancer that its weights are published at. */
export const shopEntry = (hasBalancer: boolean) => ({
  name: SHOP,
  app: SHOP,
  environment: 'production',
  sides: {
    names: SIDES,
    services: SERVICES.map((name) => ({
      name,
      groups: Object.fromEntries(SIDES.map((side) => [side, shopGroup(name, side)])),
    })),
    publish: hasBalancer ? [{ publisher: 'main', backend: 'hello' }] : [],
  },
});

/**
 * Real parts beside the shop, where this machine has them: HAProxy balances its requests, Prometheus keeps its numbers.
 * Without HAProxy the client itself follows the document of weights; without Prometheus a judge says what the client saw.
 */
export class ShopParts {
  private constructor(
    readonly ports: ShopPorts,
    readonly haproxy: RunningHaproxy | undefined,
    readonly prometheus: RunningPrometheus | undefined,
    readonly judge: Judge | undefined,
  ) {}

  /** At rest blue is live and green is dark. `more` is what Prometheus scrapes besides the shop. */
  static async start(ports: ShopPorts, judgePort?: number, more: PrometheusOptions['jobs'] = {}): Promise<ShopParts> {
    const servers = SIDES.map((side) => ({ name: side, port: ports('web', side), weight: side === 'blue' ? 100 : 0 }));
    const hasPrometheus = !prometheusMissing();
    const started = await Promise.allSettled([
      haproxyMissing ? undefined : startHaproxy(servers),
      hasPrometheus ? startPrometheus({ jobs: { shop: targetsOf(ports), ...more } }) : undefined,
      hasPrometheus || judgePort === undefined ? undefined : Judge.serve(judgePort),
    ]);
    const [haproxy, prometheus, judge] = started;
    const parts = new ShopParts(ports, valueOf(haproxy), valueOf(prometheus), valueOf(judge));
    const failed = started.find((one) => one.status === 'rejected');
    if (failed === undefined) return parts;
    await parts.stop();
    throw failed.reason;
  }

  /** What Sluice has to know of them. */
  get settings(): Readonly<Record<string, string>> {
    const { haproxy, prometheus, judge } = this;
    const sources = [
      ...(prometheus === undefined ? [] : [`metrics=prometheus+${prometheus.url}`]),
      ...(judge === undefined ? [] : [`judge=webhook+${judge.url}`]),
    ];
    return {
      ...(haproxy === undefined ? {} : { SLUICE_BALANCERS: `main=haproxy+unix://${haproxy.admin}` }),
      ...(sources.length === 0 ? {} : { SLUICE_GATE_SOURCES: sources.join(',') }),
    };
  }

  async stop(): Promise<void> {
    await Promise.all([this.haproxy?.stop(), this.prometheus?.stop(), this.judge?.stop()]);
  }
}

const valueOf = <T>(settled: PromiseSettledResult<T>): T | undefined =>
  settled.status === 'fulfilled' ? settled.value : undefined;

const targetsOf = (ports: ShopPorts): readonly PrometheusTarget[] =>
  SIDES.flatMap((side) =>
    SERVICES.map((service) => ({
      address: `127.0.0.1:${ports(service, side)}`,
      labels: { app: SHOP, service, side },
    })),
  );
