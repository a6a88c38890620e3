import { APP, EDGE, HOSTS, PROD } from '../world/fleet.js';
import { pause, until } from '../world/processes.js';
import type { EventRow } from '../world/views.js';
import type { World } from '../world/world.js';
import { publish, rollbackOf } from './requests.js';

const count = (events: readonly EventRow[], type: string): number =>
  events.filter((event) => event.type === type).length;

/** 1. hello 1.0.0 on twelve empty hosts. */
export async function firstVersion(world: World): Promise<void> {
  const { story, api, traffic } = world;
  story.begin(1, 'hello 1.0.0 everywhere');
  const artifact = world.artifacts.release('1.0.0');
  const ids = await Promise.all(
    [PROD, EDGE].map((group) =>
      publish(world, {
        app: APP,
        group,
        version: '1.0.0',
        artifact,
        strategy: 'rolling',
        batches: '50%',
        interval: '0s',
      }),
    ),
  );
  await Promise.all(ids.map((id) => api.reach(id, 'succeeded')));
  await until('heartbeats of all hosts', async () => (traffic.versions()['1.0.0'] === 12 ? true : undefined));
  story.claim('twelve hosts run 1.0.0 and serve', traffic.serving() === 12, { versions: traffic.versions() });
}

/** 2. A good version: canary, two approvals, bake, batches with their waits. Returns the rollout. */
export async function goodVersion(world: World): Promise<string> {
  const { story, api, traffic } = world;
  story.begin(2, '2.0.0, requested by a plain NATS client');
  const failedBefore = traffic.failed;
  const artifact = world.artifacts.release('2.0.0');
  const id = await publish(world, {
    app: APP,
    group: PROD,
    version: '2.0.0',
    artifact,
    strategy: 'canary',
    batches: '50%',
    bake: '1s',
    interval: '1s',
    tailInterval: '500ms',
  });
  const edge = await publish(world, {
    app: APP,
    group: EDGE,
    version: '2.0.0',
    artifact,
    strategy: 'rolling',
    batches: '50%',
    interval: '0s',
  });
  await api.reach(id, 'awaiting-approval');
  await pause(1_000);
  story.claim(
    'the canary is verified and holds: nobody else was touched',
    traffic.versions(PROD)['1.0.0'] === 7 && traffic.serving(PROD) === 7,
    { versions: traffic.versions(PROD), serving: traffic.serving(PROD) },
  );
  await api.approve(id, 'canary', 'verified; let it serve');
  story.tell('approved: the canary serves and bakes for 1 s');
  await api.approve(id, 'batches', 'it baked; go on');
  story.tell('approved: the other batches roll');
  await api.reach(id, 'succeeded');
  await api.reach(edge, 'succeeded');
  checkWaits(world, await api.events(id));
  story.claim('every host runs 2.0.0', traffic.versions()['2.0.0'] === 12, { versions: traffic.versions() });
  story.claim('zero failed client requests', traffic.failed === failedBefore, {
    ok: traffic.ok,
    failed: traffic.failed,
    failures: traffic.failures,
  });
  return id;
}

/** Bake, then none, interval, tail interval before batches 1, 2 and 3. */
function checkWaits({ story }: World, events: readonly EventRow[]): void {
  const waits = events
    .filter(({ type }) => type === 'WaitStarted')
    .map(({ wait, stage, at, until: end }) => ({ wait, stage, ms: (end ?? 0) - at }));
  const expected = [
    { wait: 'bake', stage: 0, ms: 1_000 },
    { wait: 'interval', stage: 2, ms: 1_000 },
    { wait: 'interval', stage: 3, ms: 500 },
  ];
  story.claim(
    'bake, interval before batch 2, tail interval before batch 3',
    JSON.stringify(waits) === JSON.stringify(expected),
    { waits },
  );
}

/** 3. A version that fails verify on the canary. */
export async function badCanary(world: World): Promise<void> {
  const { story, api, traffic, artifacts } = world;
  story.begin(3, '3.0.0 fails verify on the canary');
  const artifact = artifacts.release('3.0.0', { failVerifyOn: 'all' });
  const id = await publish(world, {
    app: APP,
    group: PROD,
    version: '3.0.0',
    artifact,
    strategy: 'canary',
    batches: '50%',
    startTimeout: '2s',
  });
  const braked = await api.reach(id, 'braked');
  story.tell(`braked: ${braked.brake?.words}`);
  const touched = new Set(
    (await api.events(id)).flatMap(({ type, targets }) => (type === 'TargetsAdmitted' ? (targets ?? []) : [])),
  );
  story.claim(
    'braked at the canary, nothing else touched',
    braked.brake?.kind === 'canary' && touched.size === 1 && traffic.serving(PROD) === 7,
    { touched: touched.size, serving: traffic.serving(PROD) },
  );
  const downloads = artifacts.allDownloads;
  await api.say(id, 'rollback', { reason: 'it does not verify' });
  await api.reach(await rollbackOf(world, id, PROD), 'succeeded');
  await until('the canary is back', async () =>
    traffic.versions(PROD)['2.0.0'] === 8 && traffic.serving(PROD) === 8 ? true : undefined,
  );
  story.claim('rolled back without a download: eight hosts on 2.0.0 serve', artifacts.allDownloads === downloads, {
    versions: traffic.versions(PROD),
    downloads: artifacts.allDownloads - downloads,
  });
}

/** 4. Good on the canary, bad on part of the fleet. Returns the rollout. */
export async function badPart(world: World): Promise<string> {
  const { story, api, traffic, artifacts } = world;
  story.begin(4, '3.1.0 is good on the canary and bad on part of the fleet');
  const failedBefore = traffic.failed;
  traffic.watch(PROD);
  const artifact = artifacts.release('3.1.0', { failVerifyOn: HOSTS[PROD]?.filter((_, i) => [2, 4, 5].includes(i)) });
  const id = await publish(world, {
    app: APP,
    group: PROD,
    version: '3.1.0',
    artifact,
    strategy: 'canary',
    batches: '50%',
    failureThreshold: 25,
    bake: '1s',
    interval: '500ms',
    startTimeout: '2s',
  });
  await api.approve(id, 'canary', 'verified');
  await api.approve(id, 'batches', 'it baked');
  const braked = await api.reach(id, 'braked');
  story.tell(`braked: ${braked.brake?.words}`);
  const limit = braked.brake?.numbers['limit'];
  story.claim(
    'braked by the budget, with its numbers',
    braked.brake?.kind === 'budget' && limit === 2 && braked.brake.numbers['lost'] === 2,
    { ...braked.brake?.numbers },
  );
  await takeBack(world, id);
  story.claim('all hosts on 2.0.0', true, { versions: traffic.versions() });
  const most = traffic.mostUnavailable(PROD);
  const A = braked.budget.maxUnavailable;
  story.claim('never more than A hosts unavailable', most <= A, { mostUnavailable: most, A });
  story.claim('zero failed client requests', traffic.failed === failedBefore, {
    ok: traffic.ok,
    failed: traffic.failed,
    failures: traffic.failures,
  });
  return id;
}

/** Two batches, from what the hosts have kept. */
async function takeBack(world: World, id: string): Promise<void> {
  const { story, api, traffic, artifacts } = world;
  const downloads = artifacts.allDownloads;
  await api.say(id, 'rollback', { reason: 'bad on part of the fleet' });
  const back = await rollbackOf(world, id, PROD);
  await api.reach(back, 'succeeded');
  await until('all hosts are on 2.0.0', async () =>
    traffic.versions()['2.0.0'] === 12 && traffic.serving() === 12 ? true : undefined,
  );
  const history = await api.events(back);
  const local = history.filter(({ step, note }) => step === 'download' && note === 'local').length;
  story.claim(
    'rolled back in two batches without downloading',
    count(history, 'StageEntered') === 2 && artifacts.allDownloads === downloads,
    { batches: count(history, 'StageEntered'), satisfiedLocally: local, downloads: artifacts.allDownloads - downloads },
  );
}

/** 5. The executor is killed with -9 in the middle of a rollout. Returns the rollout, with another executor started. */
export async function killedExecutor(world: World): Promise<string> {
  const { story, api, artifacts } = world;
  story.begin(5, 'the executor is killed with -9 in mid-rollout and started again');
  const id = await publish(world, {
    app: APP,
    group: PROD,
    version: '4.0.0',
    artifact: artifacts.release('4.0.0', { healthyAfterMs: 400 }),
    strategy: 'rolling',
    batches: '25%',
    interval: '200ms',
  });
  await until('three hosts are done and others are in a step', async () => {
    const counts = (await api.rollout(id))?.counts;
    return (counts?.['done'] ?? 0) >= 3 && (counts?.['inStep'] ?? 0) > 0 ? true : undefined;
  });
  const first = world.executor;
  first.kill('SIGKILL');
  await first.exited;
  const atKill = (await api.rollout(id))?.counts;
  story.tell(`executor ${first.pid} killed with -9 at ${JSON.stringify(atKill)}`);
  await pause(1_000);
  const second = world.service('executor');
  story.tell(`executor ${second.pid} started`);
  return id;
}

/** The rest of chapter 5. */
export async function goesOn(world: World, id: string): Promise<void> {
  const { story, api, traffic, artifacts } = world;
  await api.reach(id, 'succeeded');
  await until('all hosts are on 4.0.0', async () => (traffic.versions(PROD)['4.0.0'] === 8 ? true : undefined));
  const succeeded = (await api.events(id)).filter(({ type }) => type === 'StepSucceeded');
  const distinct = new Set(succeeded.map(({ target, step }) => `${target}/${step}`));
  story.claim(
    'it goes on and ends: every step of every target recorded once',
    succeeded.length === 40 && distinct.size === 40,
    { steps: succeeded.length, distinct: distinct.size },
  );
  const begun = (HOSTS[PROD] ?? []).flatMap((host) => Object.values(world.fleet.stepsBegun(host, id)));
  story.claim(
    'no step was done twice: the agents began each once and downloaded once',
    begun.length === 40 && begun.every((times) => times === 1) && artifacts.downloads('4.0.0') === 8,
    { begun: begun.length, most: Math.max(...begun), downloads: artifacts.downloads('4.0.0') },
  );
  // Nobody touches the twelve hosts after this.
  traffic.stop();
  const { ok, failed, failures } = traffic;
  story.claim('a client that asked the serving hosts throughout saw no failure', failed === 0 && ok > 500, {
    ...{ ok, failed, failures },
  });
}

/** 6. The history of chapter 4, for a person. */
export async function whyBraked(world: World, id: string): Promise<void> {
  const { story } = world;
  story.begin(6, 'why was the rollout of chapter 4 braked?');
  const timeline = await world.cli(['history', id]);
  story.quote(timeline);
  story.claim('the timeline says why, with the numbers', /lost 2/.test(timeline) && /limit 2/.test(timeline), {
    lines: timeline.trimEnd().split('\n').length,
  });
}
