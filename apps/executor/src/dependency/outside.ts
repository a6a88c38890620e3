import type { NatsConnection } from '@nats-io/nats-core';
import { parseHello, SUBJECTS } from '@sluice/contracts';
import type { Metrics } from '@sluice/observability';

import { Balancers } from '../balancer/balancers.js';
import { HeardEndpoints } from '../balancer/endpoints.js';
import { HaproxyBalancer } from '../balancer/haproxy.js';
import type { HaproxyAddress } from '../balancer/haproxy-socket.js';
import { KvEndpoints } from '../balancer/kv-endpoints.js';
import type { BalancerPort } from '../balancer/ports.js';
import type { ActorDeps } from '../actors/actor-parts.js';
import { type BreakerOptions, opossumBreaker } from './breaker.js';
import { Dependencies } from './dependencies.js';

/** A load balancer by its name, as the configuration has it. */
export interface BalancerConfig {
  readonly name: string;
  readonly kind: 'haproxy';
  readonly address: HaproxyAddress;
}

export interface OutsideDeps extends ActorDeps {
  readonly nats: NatsConnection;
  readonly balancers?: readonly BalancerConfig[];
  readonly breaker?: BreakerOptions;
  readonly metrics?: Metrics;
}

/** All that the executor and what runs beside it use and do not own. */
export interface Outside {
  readonly balancers: BalancerPort;
  readonly dependencies: Dependencies;
  stop(): Promise<void>;
}

/** What plans depend on besides the balancers: the planner asks for it. */
const OTHERS = ['cmdb'] as const;
const LEVEL = { closed: 0, probe: 1, open: 2 } as const;

export async function startOutside(deps: OutsideDeps): Promise<Outside> {
  const { nats, balancers: configured = [], breaker } = deps;
  const names = [...new Set([...configured.map(({ name }) => name), ...OTHERS])];
  const dependencies = new Dependencies({ ...deps, names, newBreaker: opossumBreaker(breaker) });
  const endpoints = new HeardEndpoints(new KvEndpoints(nats));
  // Every host of the installation is heard here, so only where somebody asks.
  const hellos = configured.length === 0 ? undefined : listen(nats, endpoints);
  const hideGauge = deps.metrics === undefined ? () => undefined : show(deps.metrics, dependencies, names);
  await dependencies.start();
  const adapters = new Map(configured.map(({ name, address }) => [name, new HaproxyBalancer(address)]));
  return {
    balancers: new Balancers(adapters, dependencies, endpoints),
    dependencies,
    stop: async () => {
      hideGauge();
      hellos?.unsubscribe();
      await dependencies.stop();
    },
  };
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
