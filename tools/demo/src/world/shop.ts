import {
  haproxyMissing,
  prometheusMissing,
  type PrometheusTarget,
  type RunningHaproxy,
  type RunningPrometheus,
  startHaproxy,
  startPrometheus,
} from '@sluice/testing';

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

/** Real parts beside the shop, where this machine has them: who balances its requests, and who keeps its numbers. */
export class ShopParts {
  private constructor(
    readonly haproxy: RunningHaproxy | undefined,
    readonly prometheus: RunningPrometheus | undefined,
  ) {}

  /** At rest blue is live and green is dark. */
  static async start(ports: ShopPorts): Promise<ShopParts> {
    const servers = SIDES.map((side) => ({ name: side, port: ports('web', side), weight: side === 'blue' ? 100 : 0 }));
    const [haproxy, prometheus] = await Promise.all([
      haproxyMissing ? undefined : startHaproxy(servers),
      prometheusMissing() ? undefined : startPrometheus({ jobs: { shop: targetsOf(ports) } }),
    ]);
    return new ShopParts(haproxy, prometheus);
  }

  /** What Sluice has to know of them. */
  get settings(): Readonly<Record<string, string>> {
    return {
      ...(this.haproxy === undefined ? {} : { SLUICE_BALANCERS: `main=haproxy+unix://${this.haproxy.admin}` }),
      ...(this.prometheus === undefined ? {} : { SLUICE_GATE_SOURCES: `metrics=prometheus+${this.prometheus.url}` }),
    };
  }

  async stop(): Promise<void> {
    await Promise.all([this.haproxy?.stop(), this.prometheus?.stop()]);
  }
}

const targetsOf = (ports: ShopPorts): readonly PrometheusTarget[] =>
  SIDES.flatMap((side) =>
    SERVICES.map((service) => ({
      address: `127.0.0.1:${ports(service, side)}`,
      labels: { app: SHOP, service, side },
    })),
  );
