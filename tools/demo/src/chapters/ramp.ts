import { DOCKER, POLLERS } from '../world/fleet.js';
import { CONNECTIONS, PollingHosts } from '../world/hosts.js';
import { Logins } from '../world/logins.js';
import { until } from '../world/processes.js';
import type { RolloutSummary, VariableSummary } from '../world/views.js';
import type { World } from '../world/world.js';
import { publish } from './requests.js';

const VARIABLE = 'docker_version';
const [OLD, NEW] = ['1.6', '1.9'];
const ROLES = { web: 500, search: 250, storage: 150, login: 100 };
/** With the new value so few logins fail on a host that nobody would see it there; of all of them it is the half of 2%. */
const ONE_IN = 40;

/** A minute instead of two weeks. It would take one, too, if nothing stopped it. */
const OVER = [
  { after: '10s', percent: 50 },
  { after: '1m', percent: 100 },
];

const ofLogins = (more: string): string => `sum(rate(logins_total${more}[2s]))`;

/** Of all logins 1% may fail, at two of the last three moments. */
const SLO = {
  ...{ name: 'logins', source: 'metrics', at: ['during'], interval: '1s', limits: { inconclusive: 60, error: 60 } },
  measure: {
    ...{ kind: 'threshold', query: `${ofLogins('{result="failed"}')} / ${ofLogins('')}` },
    ...{ limit: 0.01, n: 2, of: 3, window: '3s', step: '1s' },
  },
};

/** 8. A variable ramps over hosts that ask for it, does harm when half of them have it, and freezes. */
export async function rampFreezes(world: World): Promise<void> {
  const { story, api, ports } = world;
  story.begin(8, `meanwhile: 1,000 hosts ask what they are to have, and ${VARIABLE} ramps from ${OLD} to ${NEW}`);
  await firstVariable(world);
  const hosts = new PollingHosts({ url: api.url, fleet: POLLERS, variable: VARIABLE, roles: ROLES });
  const figures = () => ({ all: hosts.hosts.length, bad: hosts.having(NEW), oneIn: ONE_IN });
  const logins = await Logins.serve(ports.logins, figures);
  hosts.start();
  try {
    await allJoined(world, hosts);
    const began = new Date().toISOString();
    const id = await ramp(world);
    const braked = await breach(world, hosts, id);
    await frozen(world, hosts, braked);
    await look(world, hosts, began);
  } finally {
    hosts.stop();
    await logins.stop();
  }
}

/** A fleet comes into being with its first variable. Nothing moves this one. */
async function firstVariable({ api }: World): Promise<void> {
  const body = { type: 'number', from: 4, to: 8, over: '14d', reason: 'eight were tried on the canaries' };
  const path = `/v1/variables/${POLLERS}/workers/commands/define`;
  // 503: the executor that was started a moment ago does not drive the fleet yet, and nothing was done.
  await until('somebody drives the fleet', () =>
    api.post<object>(path, body).catch((error: unknown) => {
      if (!String(error).includes('answered 503')) throw error;
      return undefined;
    }),
  );
}

async function allJoined(world: World, hosts: PollingHosts): Promise<void> {
  const all = hosts.hosts.length;
  await until('all hosts have an answer, and stand in the log', async () => {
    const isAnswered = hosts.hosts.every(({ values }) => values['workers'] === 4);
    return isAnswered && (await variableOf(world, 'workers'))?.counts.from === all ? true : undefined;
  });
  const { connections, failures } = hosts;
  world.story.claim(
    `nobody had listed them: each joined by asking, at most ${CONNECTIONS} at a time`,
    hosts.hosts.every(({ askedAt }) => askedAt > 0),
    { hosts: all, connections, failures },
  );
}

/** A ramp is a deploy request like any other, with a gate. */
async function ramp(world: World): Promise<string> {
  const hasGate = world.shop.prometheus !== undefined;
  return publish(world, {
    app: 'platform',
    group: DOCKER,
    strategy: 'ramp',
    version: NEW,
    ramp: { variable: VARIABLE, from: OLD, over: OVER },
    ...(hasGate ? { gates: [SLO] } : {}),
    reason: 'a kernel fix',
  });
}

/** Somebody sees that too many logins fail: a gate at the numbers, or without a Prometheus a service that says so. */
async function breach(world: World, hosts: PollingHosts, id: string): Promise<RolloutSummary> {
  const { story, api, shop } = world;
  if (shop.prometheus === undefined) {
    await until('many hosts have the new value', async () => (hosts.having(NEW) > 400 ? true : undefined));
    await sayBreach(world);
  }
  const braked = await api.reach(id, 'braked');
  const variable = await until('the variable has stopped', async () => {
    const now = await variableOf(world);
    return now?.phase === 'stopped' ? now : undefined;
  });
  story.tell(`braked: ${braked.brake?.words}`);
  story.claim(
    'an objective is not met: the ramp freezes where it is, and its rollout is braked',
    variable.counts.to > 300 && variable.counts.from > 0,
    { ...variable.counts, kind: braked.brake?.kind },
  );
  return braked;
}

/** No Prometheus: what a service of anybody's, that watches objectives, says by plain NATS. */
async function sayBreach({ story, nats }: World): Promise<void> {
  story.tell('no Prometheus here: a service that watches the logins says itself that they fail');
  const command = { type: 'breach', words: 'logins: 1 in 100 fails', numbers: { share: 0.01 }, variables: [VARIABLE] };
  const envelope = { v: 1, id: 'demo-breach', target: POLLERS, command, actor: { id: 'slo-watch', kind: 'service' } };
  const answer = await nats.request(['sluice', 'command', 'fleet'].join('.'), JSON.stringify(envelope), {
    timeout: 10_000,
  });
  story.tell(`  ${answer.string()}`);
}

const variableOf = ({ api }: World, name: string = VARIABLE): Promise<VariableSummary | undefined> =>
  api.get(`/v1/variables/${POLLERS}/${name}`);

/** Until each host has the answer to a question that it asked after now. */
async function allAsk(hosts: PollingHosts, what: string): Promise<void> {
  const now = Date.now();
  await until(what, async () => (hosts.hosts.every(({ askedAt }) => askedAt > now) ? true : undefined));
}

async function frozen(world: World, hosts: PollingHosts, { id }: RolloutSummary): Promise<void> {
  const { story, api } = world;
  const before = await variableOf(world);
  // What was decided before the freeze has come to every host then.
  await allAsk(hosts, 'each host has heard of the freeze');
  hosts.anew();
  await allAsk(hosts, 'each host has asked once more');
  const [after, rollout] = [await variableOf(world), await api.rollout(id)];
  const { tally } = hosts;
  story.claim(
    'nothing flips any more and nothing goes back: each host is told 304, and keeps what it has',
    tally.fresh === 0 && JSON.stringify(before?.counts) === JSON.stringify(after?.counts),
    { ...tally, ...after?.counts, state: rollout?.state },
  );
  compare(world, hosts, after);
}

/** The hosts against the log. */
function compare({ story }: World, hosts: PollingHosts, variable: VariableSummary | undefined): void {
  const [old, news] = [hosts.having(OLD), hosts.having(NEW)];
  const wavered = hosts.hosts.filter(({ had }) => had.length > 2 || (had.length === 2 && had[0] !== OLD)).length;
  story.claim(
    'what the hosts have is what the log says, and none ever went back',
    old === variable?.counts.from && news === variable.counts.to && wavered === 0,
    { [OLD]: old, [NEW]: news, wavered, asThemselvesSay: variable?.reported },
  );
}

/** A chart, and the reason why one host has what it has. */
async function look(world: World, hosts: PollingHosts, began: string): Promise<void> {
  const { story } = world;
  const late = hosts.hosts.find(({ values }) => values[VARIABLE] === OLD)?.name ?? '';
  const of = ['--fleet', POLLERS];
  const [chart, why] = await Promise.all([
    world.cli(['variable', 'chart', VARIABLE, ...of, '--from', began, '--step', '250ms']),
    world.cli(['explain', late, VARIABLE, ...of]),
  ]);
  story.quote(chart);
  const counts = `${hosts.having(OLD)} at ${OLD}, ${hosts.having(NEW)} at ${NEW}`;
  story.claim('the chart shows it: the old line falls, the new one rises, and both stand still', isFlat(chart, counts));
  story.quote(`$ sluice explain ${late} ${VARIABLE} --fleet ${POLLERS}\n${why}`);
  story.claim(
    `it can be told why ${late} still has ${OLD}: the ramp was stopped when logins failed`,
    /stopped at .*logins/.test(why),
  );
}

/** It begins with all at the old value, and ends with the counts of now. */
const isFlat = (chart: string, counts: string): boolean => chart.includes('#') && chart.includes(counts);
