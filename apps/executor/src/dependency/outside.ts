import type { NatsConnection } from '@nats-io/nats-core';
import { parseHello, SUBJECTS } from '@sluice/contracts';
import { SluiceError, unreachable } from '@sluice/kernel';
import type { Metrics } from '@sluice/observability';

import { Balancers } from '../balancer/balancers.js';
import { HeardEndpoints } from '../balancer/endpoints.js';
import { HaproxyBalancer } from '../balancer/haproxy.js';
import type { HaproxyAddress } from '../balancer/haproxy-socket.js';
import { HaproxyWeights } from '../balancer/haproxy-weights.js';
import { KvEndpoints } from '../balancer/kv-endpoints.js';
import type { BalancerAdapter, BalancerPort } from '../balancer/ports.js';
import type { ActorDeps } from '../actors/actor-parts.js';
import { type BreakerOptions, opossumBreaker } from './breaker.js';
import { Dependencies } from './dependencies.js';
import { AgentsCapacity } from '../traffic/agents-capacity.js';
import { Sides } from '../traffic/capacity.js';
import { FilePublisher } from '../traffic/file-publisher.js';
import { HookCapacity } from '../traffic/hook-capacity.js';
import { KvWeights } from '../traffic/kv-weights.js';
import { KvMembers } from '../traffic/members.js';
import { NatsRequests } from '../traffic/nats-requests.js';
import { type NginxOptions, NginxPublisher } from '../traffic/nginx-publisher.js';
import type { TrafficPorts } from '../traffic/ports.js';
import { PublishedWeights, type WeightPublisher } from '../traffic/weights.js';

/** A load balancer, or another publisher of weights, by its name, as the configuration has it. */
export type BalancerConfig = { readonly name: string } & (
  | { readonly kind: 'haproxy'; readonly address: HaproxyAddress }
  | ({ readonly kind: 'nginx' } & NginxOptions)
  | { readonly kind: 'file'; readonly folder: string }
);

/** A command that drives the autoscaler of sides, by its name. */
export interface CapacityConfig {
  readonly name: string;
  readonly argv: readonly string[];
}

export interface OutsideDeps extends ActorDeps {
  readonly nats: NatsConnection;
  readonly balancers?: readonly BalancerConfig[];
  readonly capacity?: readonly CapacityConfig[];
  readonly breaker?: BreakerOptions;
  readonly metrics?: Metrics;
}

/** All that the executor and what runs beside it use and do not own. */
export interface Outside {
  readonly balancers: BalancerPort;
  readonly traffic: TrafficPorts;
  readonly dependencies: Dependencies;
  stop(): Promise<void>;
}

/** What plans depend on besides the balancers: the planner asks for it. */
const OTHERS = ['cmdb'] as const;
const LEVEL = { closed: 0, probe: 1, open: 2 } as const;

export async function startOutside(deps: OutsideDeps): Promise<Outside> {
  const { nats, balancers: configured = [], capacity = [], breaker } = deps;
  const names = namesOf([...configured, ...capacity]);
  const dependencies = new Dependencies({ ...deps, names, newBreaker: opossumBreaker(breaker) });
  const endpoints = new HeardEndpoints(new KvEndpoints(nats));
  // Every host of the installation is heard here, so only where somebody asks.
  const hellos = configured.length === 0 ? undefined : listen(nats, endpoints);
  const hideGauge = deps.metrics === undefined ? () => undefined : show(deps.metrics, dependencies, names);
  await dependencies.start();
  const members = new KvMembers(nats, deps.clock);
  return {
    balancers: new Balancers(adaptersOf(configured), dependencies, endpoints),
    traffic: trafficOf(deps, dependencies, members),
    dependencies,
    stop: async () => {
      hideGauge();
      hellos?.unsubscribe();
      members.stop();
      await dependencies.stop();
    },
  };
}

/** A breaker belongs to one thing. Code CONFIG_INVALID when two have the same name. */
function namesOf(configured: readonly { readonly name: string }[]): readonly string[] {
  const names = [...configured.map(({ name }) => name), ...OTHERS];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return names;
  const message = `"${twice}" is the name of two dependencies: give each in SLUICE_BALANCERS and SLUICE_CAPACITY its own`;
  throw new SluiceError('CONFIG_INVALID', message);
}

/** Files take no host out of service. */
const adaptersOf = (configured: readonly BalancerConfig[]): ReadonlyMap<string, BalancerAdapter> =>
  new Map(
    configured.flatMap((each) => (each.kind === 'haproxy' ? [[each.name, new HaproxyBalancer(each.address)]] : [])),
  );

function trafficOf(
  { nats, log, clock, balancers = [], capacity = [] }: OutsideDeps,
  dependencies: Dependencies,
  members: KvMembers,
): TrafficPorts {
  const publishers = new Map(balancers.map((each) => [each.name, publisherOf(each)]));
  const hooks = new Map(capacity.map(({ name, argv }) => [name, new HookCapacity(argv)]));
  const agents = new AgentsCapacity(members, new NatsRequests(nats), log, clock);
  return {
    sides: new Sides(agents, hooks, dependencies),
    weights: new PublishedWeights(new KvWeights(nats), publishers, dependencies, clock),
  };
}

function publisherOf(configured: BalancerConfig): WeightPublisher {
  switch (configured.kind) {
    case 'haproxy':
      return new HaproxyWeights(configured.address);
    case 'nginx':
      return new NginxPublisher(configured);
    case 'file':
      return new FilePublisher(configured.folder);
    default:
      return unreachable(configured, 'kind of balancer');
  }
}

const listen = (nats: NatsConnection, endpoints: HeardEndpoints) =>
  nats.subscribe(SUBJECTS.allHellos, {
    callback: (error, message) => {
      if (error !== null) return;
      try {
        const hello = parseHello(message.data);
        if (message.subject === SUBJECTS.hello(hello.host)) endpoints.hear(hello);
      } catch {
        // The planner tells of agents that say what nobody can read.
      }
    },
  });

const show = (metrics: Metrics, dependencies: Dependencies, names: readonly string[]): (() => void) =>
  metrics.gauge(
    {
      name: 'sluice_dependency_state',
      help: 'Breakers of what the executor depends on: 0 closed, 1 asked once more, 2 open or forced open.',
      labels: { dependency: names },
    },
    () => dependencies.states().map(({ name, passage }) => ({ value: LEVEL[passage], labels: { dependency: name } })),
  );
