import { ALL_SHARDS, type Hello } from '@sluice/contracts';
import {
  type AgentPort,
  type BalancerPort,
  type EngineLogger,
  FleetRamps,
  Fleets,
  Freezes,
  LogMemory,
  type MembersPort,
  type PlaceStore,
  SteadyEngine,
} from '@sluice/executor';
import { HealthGateEngine, HelloTable, type MeasurementPort } from '@sluice/health-gate';
import { SluiceError } from '@sluice/kernel';

import { clockOf, Life, logOf } from './life.js';
import type { ServiceParts } from './planner-service.js';
import type { TrafficWorld } from './traffic/world.js';

export interface ExecutorPorts {
  readonly agents: AgentPort;
  readonly members: MembersPort;
  readonly memory: PlaceStore | undefined;
  readonly balancers: BalancerPort | undefined;
  readonly traffic: TrafficWorld | undefined;
  /** It drives the fleets of its shards too. */
  readonly hasFleets: boolean;
}

/** One life of the executor. */
export class ExecutorService {
  readonly life = new Life();
  /** Once it has read what the one before it left. */
  engine: SteadyEngine | undefined;
  private known: Freezes | undefined;
  private driven: Fleets | undefined;

  constructor(
    private readonly parts: ServiceParts,
    private readonly ports: ExecutorPorts,
    private readonly logger: EngineLogger,
  ) {
    this.start().catch((error: unknown) => {
      if (!this.life.dead) logger.error({ err: String(error) }, 'the executor did not start');
    });
  }

  /** What it drives with; who asks before it is there is told to ask again. */
  get driver(): SteadyEngine {
    if (this.engine === undefined) throw new SluiceError('NOT_READY', 'it has just been started');
    return this.engine;
  }

  get freezes(): Freezes {
    if (this.known === undefined) throw new SluiceError('NOT_READY', 'it has just been started');
    return this.known;
  }

  get fleets(): Fleets {
    if (this.driven === undefined) throw new SluiceError('NOT_READY', 'it has just been started');
    return this.driven;
  }

  private async start(): Promise<void> {
    const { life, parts, logger } = this;
    const { agents, members, memory, balancers, traffic, hasFleets } = this.ports;
    const clock = clockOf(life, parts.clock);
    const opened = memory === undefined ? {} : { memory: await LogMemory.open(memory, clock, logger) };
    const freezes = new Freezes({ log: logOf(life, parts.log), clock, newId: parts.newId, logger });
    this.known = freezes;
    await freezes.start();
    const log = logOf(life, parts.log);
    const fleets = hasFleets
      ? new Fleets({ log, clock, newId: parts.newId, shards: ALL_SHARDS, freezes, logger })
      : undefined;
    this.driven = fleets;
    await fleets?.start();
    this.engine = new SteadyEngine({
      ...opened,
      freezes,
      ...(traffic === undefined ? {} : { traffic: traffic.portsFor(life, clock) }),
      ...(balancers === undefined ? {} : { balancers }),
      ...(fleets === undefined ? {} : { ramps: new FleetRamps(fleets, (name) => fleets.fleet(name), log) }),
      log,
      clock,
      newId: parts.newId,
      shards: ALL_SHARDS,
      logger,
      members: { membersOf: (plan) => life.whileAlive(() => members.membersOf(plan)) },
      agents: {
        run: (command) => life.whileAlive(() => agents.run(command)),
        status: (host, query) => life.whileAlive(() => agents.status(host, query)),
      },
    });
    await this.engine.start();
  }
}

interface GateOptions {
  readonly silentAfterMs: number;
  readonly measurements: MeasurementPort | undefined;
}

/** One life of the health-gate; what it heard of the fleet dies with it. */
export class GateService {
  readonly life = new Life();
  private readonly facts = new HelloTable();

  constructor(
    private readonly parts: ServiceParts,
    logger: EngineLogger,
    { silentAfterMs, measurements }: GateOptions,
  ) {
    const { life } = this;
    const engine = new HealthGateEngine({
      log: logOf(life, parts.log),
      clock: clockOf(life, parts.clock),
      newId: parts.newId,
      facts: this.facts,
      silentAfterMs,
      ...(measurements === undefined ? {} : { measurements }),
    });
    engine.run(life.signal).catch((error: unknown) => {
      if (!life.dead) logger.error({ err: String(error) }, 'the health-gate stopped');
    });
  }

  hear(hello: Hello): void {
    if (!this.life.dead) this.facts.take(hello, this.parts.clock.now());
  }
}
