import { parseWeightDocument, type WeightDocument } from '@sluice/contracts';
import {
  balancerDoor,
  type Service,
  SERVICES,
  shopApp,
  ShopClient,
  shopEntry,
  shopEnv,
  shopGroup,
  shopHost,
  ShopParts,
  type ShopPorts,
  type Side,
  SIDES,
  until,
} from '@sluice/demo';

import { Site } from './site.js';

/** What a rollout's history has of a shift. */
export interface ShiftEvent {
  readonly type: string;
  readonly at: number;
  readonly why?: string;
  readonly weights?: Readonly<Record<string, number>>;
  readonly version?: number;
}

const eventsOf = (code: string): string =>
  `sum(increase(http_requests_total{service="web",side="{{side}}"${code}}[{{window}}]))`;

/** The budget of errors is used up more than twice as fast as was promised. It only writes that down. */
export const BUDGET = {
  ...{ name: 'budget', source: 'metrics', at: ['during'], onFail: 'record' },
  ...{ interval: '1s', limits: { inconclusive: 60, error: 60 } },
  measure: {
    kind: 'burnRate',
    bad: eventsOf(',code="500"'),
    total: eventsOf(''),
    ...{ objective: 0.99, factor: 2, long: '4s', short: '2s', minEvents: 10 },
  },
};

/** A site with the shop: two sides of two services behind a real HAProxy, watched by a real Prometheus, and asked. */
export class ShopSite {
  private constructor(
    readonly site: Site,
    readonly client: ShopClient,
    private readonly parts: ShopParts,
  ) {}

  /** 1.0.0 serves on blue, green is empty. */
  static async start(): Promise<ShopSite> {
    const { name, app, ...definition } = shopEntry(true);
    const groups = SIDES.flatMap((side) =>
      SERVICES.map((service) => ({ name: shopGroup(service, side), app: shopApp(service), hosts: [shopHost(side)] })),
    );
    const site = await Site.prepare([
      ...groups,
      { name, app, hosts: [], definition: { ...NOT_OF_SIDES, ...definition } },
    ]);
    const port = (service: Service, side: Side): number => site.portOf(shopHost(side), shopApp(service));
    const parts = await ShopParts.start(port);
    try {
      return await ShopSite.open(site, parts, port);
    } catch (error) {
      await Promise.all([site.stop(), parts.stop()]);
      throw error;
    }
  }

  private static async open(site: Site, parts: ShopParts, port: ShopPorts): Promise<ShopSite> {
    site.environment = parts.settings;
    for (const side of SIDES)
      site.startAgents([shopHost(side)], (_host, each) => (each === shopApp('web') ? shopEnv('web', side, port) : {}));
    await site.up();
    const shop = new ShopSite(site, new ShopClient(balancerDoor(parts.haproxy?.door ?? '')), parts);
    const artifact = (service: Service) => ({ artifact: site.artifacts.shop(service, '1.0.0') });
    const first = SERVICES.map((service) => site.roll(shopGroup(service, 'blue'), '1.0.0', artifact(service)));
    await Promise.all(first.map(async (id) => shop.reach(await id, 'succeeded')));
    shop.client.start();
    return shop;
  }

  async stop(): Promise<void> {
    this.client.stop();
    await this.site.stop();
    await this.parts.stop();
  }

  /** Publishes one request and returns the id of its rollout. `behaviour` is that of the web service. */
  async shift(version: string, traffic: object, more: object = {}, behaviour: object = {}): Promise<string> {
    const { artifacts } = this.site;
    const search = artifacts.shop('search', version);
    const outcome = await this.site.request({
      ...{ app: 'shop', group: 'shop', version, artifact: artifacts.shop('web', version, { ...behaviour }) },
      traffic: { artifacts: { search }, drainWindow: '500ms', ...traffic },
      ...more,
    });
    if (outcome.rolloutId === undefined) throw new Error(`no rollout was planned: ${JSON.stringify(outcome)}`);
    return outcome.rolloutId;
  }

  async reach(id: string, state: string): Promise<void> {
    await until(
      `rollout ${id} is ${state}`,
      async () => ((await this.site.api.rollout(id))?.state === state ? true : undefined),
      60_000,
    );
  }

  async document(): Promise<WeightDocument> {
    return parseWeightDocument(await this.site.api.get('/v1/weights/shop'));
  }

  /** Of the weights that are published; 0 when none ever were. */
  async version(): Promise<number> {
    return (await this.site.api.get<WeightDocument>('/v1/weights/shop'))?.version ?? 0;
  }

  async events(id: string): Promise<readonly ShiftEvent[]> {
    return this.site.api.events(id);
  }

  /** Resolves when every publisher has given the new side so much. */
  async published(id: string, side: Side, weight: number): Promise<void> {
    await until(`${side} has ${weight} percent`, async () =>
      (await this.events(id)).some(({ type, weights }) => type === 'WeightPublished' && weights?.[side] === weight)
        ? true
        : undefined,
    );
  }

  /** Resolves when the client has had so many answers of the version since it counts anew. */
  async answered(version: string, count: number): Promise<void> {
    await until(`${count} answers of ${version}`, async () =>
      (this.client.seen.versions.get(version)?.count ?? 0) >= count ? true : undefined,
    );
  }
}

/** What the inventory of a site says of groups of hosts. */
const NOT_OF_SIDES = {
  profile: undefined,
  verify: undefined,
  startTimeout: undefined,
  drainWindow: undefined,
  members: undefined,
};
