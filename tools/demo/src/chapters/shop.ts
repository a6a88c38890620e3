import { until } from '../world/processes.js';
import { SERVICES, SHOP, shopApp, shopGroup } from '../world/shop.js';
import { balancerDoor, type Seen, ShopClient, weighingDoor } from '../world/shop-client.js';
import { ERRORS, JUDGED } from '../world/shop-gates.js';
import type { World } from '../world/world.js';
import { publish } from './requests.js';

/** 7. Two sides behind a balancer: a good release, and one with 5% errors that a gate on the numbers takes back. */
export async function twoSides(world: World): Promise<void> {
  const { story } = world;
  story.begin(7, 'a shop on two sides: blue serves 1.0.0, green is dark');
  tellParts(world);
  await firstSide(world);
  const client = new ShopClient(await doorOf(world));
  client.start();
  try {
    await answered(client, '1.0.0', 100);
    await goodShift(world, client);
    await badShift(world, client);
  } finally {
    client.stop();
  }
}

function tellParts({ story, shop }: World): void {
  story.tell(
    shop.haproxy === undefined
      ? 'no HAProxy here: the client picks a side for each request by the document of weights (libs/side)'
      : 'a real HAProxy shares the requests; Sluice sets its weights at run time',
  );
  story.tell(
    shop.prometheus === undefined
      ? 'no Prometheus here: the gate asks a judge outside (webhook), which says what the client itself has seen'
      : 'a real Prometheus scrapes both sides; the gate asks it for the share of errors on the new one',
  );
}

const doorOf = async ({ shop, api }: World) =>
  shop.haproxy === undefined
    ? weighingDoor(`${api.url}/v1/weights/${SHOP}`, shop.ports)
    : balancerDoor(shop.haproxy.door);

async function firstSide(world: World): Promise<void> {
  const ids = await Promise.all(
    SERVICES.map((service) =>
      publish(world, {
        app: shopApp(service),
        group: shopGroup(service, 'blue'),
        version: '1.0.0',
        artifact: world.artifacts.shop(service, '1.0.0'),
        strategy: 'rolling',
        interval: '0s',
      }),
    ),
  );
  await Promise.all(ids.map((id) => world.api.reach(id, 'succeeded')));
}

async function goodShift(world: World, client: ShopClient): Promise<void> {
  const { story, api } = world;
  client.anew();
  const id = await shift(world, client, { version: '2.0.0', traffic: { weights: [10, 100], dwell: '1s' } });
  await api.reach(id, 'succeeded');
  const { seen } = client;
  story.claim(
    'with one command all requests are on green; both versions served for a while, nobody saw an error',
    seen.errors === 0 && seen.mixed === 0 && seen.versions.size === 2,
    { ...figuresOf(seen), mixed: seen.mixed },
  );
}

async function badShift(world: World, client: ShopClient): Promise<void> {
  const { story, api } = world;
  client.anew();
  const traffic = { weights: [10, 50, 100], dwell: '1m' };
  const id = await shift(world, client, { version: '3.0.0', traffic, behaviour: { errorEvery: 20 } });
  await api.reach(id, 'cancelled');
  const { seen } = client;
  const lastAt = await until('nobody is answered by 3.0.0 any more', async () => {
    const last = seen.versions.get('3.0.0')?.lastAt ?? Date.now();
    return Date.now() - last > QUIET_MS ? last : undefined;
  });
  const published = (await api.events(id)).filter(({ type }) => type === 'WeightPublished');
  const shares = published.map(({ weights }) => weights?.['blue']);
  story.claim(
    '3.0.0 answers one request in 20 with an error: its gate takes it back at 10%, in one publish, without a person',
    JSON.stringify(shares) === '[10,0]',
    { sharesOf3: shares, msFromFirstErrorToAllBack: lastAt - (seen.firstErrorAt ?? lastAt) },
  );
  story.claim(`of ${seen.asked} requests ${seen.errors} saw an error`, seen.errors > 0, figuresOf(seen));
  await tellWhy(world, id);
}

/** 3.0.0 has a share of at least two answers in this time as long as it has any. */
const QUIET_MS = 500;

async function tellWhy(world: World, id: string): Promise<void> {
  const { story } = world;
  const explained = await world.cli(['explain', id, '--gate', 'errors', '--verify']);
  const failed = explained.split('\n\n').findLast((verdict) => /: FAIL/.test(verdict)) ?? explained;
  story.quote(failed);
  story.claim(
    'its verdict says what was asked, found and counted, and decides again from that alone',
    /again +the same, byte for byte/.test(failed),
  );
}

interface Shift {
  readonly version: string;
  readonly traffic: object;
  /** Of the web service. */
  readonly behaviour?: Readonly<Record<string, unknown>>;
}

/** One request, and nothing else. */
function shift(world: World, client: ShopClient, { version, traffic, behaviour = {} }: Shift): Promise<string> {
  const { artifacts, shop } = world;
  if (shop.judge !== undefined) shop.judge.say = () => judgementOf(client.seen, version);
  return publish(world, {
    app: SHOP,
    group: SHOP,
    version,
    artifact: artifacts.shop('web', version, behaviour),
    traffic: { artifacts: { search: artifacts.shop('search', version) }, drainWindow: '500ms', ...traffic },
    gates: [shop.prometheus === undefined ? JUDGED : ERRORS],
  });
}

/** What a judge says who has seen this: more than 1% of the answers of a version may not be errors. */
function judgementOf({ versions }: Seen, version: string) {
  const { count, errors } = versions.get(version) ?? { count: 0, errors: 0 };
  const words = `${errors} of ${count} answers of ${version} were errors`;
  const verdict = count < 10 ? 'inconclusive' : errors > count / 100 ? 'fail' : 'pass';
  return { verdict, words, values: { count, errors } } as const;
}

const figuresOf = ({ asked, ok, errors, versions }: Seen) => ({
  asked,
  ok,
  errors,
  answers: Object.fromEntries([...versions].map(([version, { count }]) => [version, count])),
});

const answered = (client: ShopClient, version: string, count: number): Promise<true> =>
  until(`${count} answers of ${version}`, async () =>
    (client.seen.versions.get(version)?.count ?? 0) >= count ? true : undefined,
  );
