import { ALL_SHARDS, type Hello } from '@sluice/contracts';
import { type AgentPort, type EngineLogger, ExecutorEngine } from '@sluice/executor';
import { HealthGateEngine, HelloTable } from '@sluice/health-gate';

import { clockOf, Life, logOf } from './life.js';
import type { ServiceParts } from './planner-service.js';

/** One life of the executor. */
export class ExecutorService {
  readonly life = new Life();
  readonly engine: ExecutorEngine;

  constructor(parts: ServiceParts, agents: AgentPort, logger: EngineLogger) {
    const { life } = this;
    this.engine = new ExecutorEngine({
      log: logOf(life, parts.log),
      clock: clockOf(life, parts.clock),
      newId: parts.newId,
      shards: ALL_SHARDS,
      logger,
      agents: {
        run: (command) => life.whileAlive(() => agents.run(command)),
        status: (host, query) => life.whileAlive(() => agents.status(host, query)),
      },
    });
    this.engine.start().catch((error: unknown) => {
      if (!life.dead) logger.error({ err: String(error) }, 'the executor did not start');
    });
  }
}

/** One life of the health-gate; what it heard of the fleet dies with it. */
export class GateService {
  readonly life = new Life();
  private readonly facts = new HelloTable();

  constructor(
    private readonly parts: ServiceParts,
    logger: EngineLogger,
  ) {
    const { life } = this;
    const engine = new HealthGateEngine({
      log: logOf(life, parts.log),
      clock: clockOf(life, parts.clock),
      newId: parts.newId,
      facts: this.facts,
    });
    engine.run(life.signal).catch((error: unknown) => {
      if (!life.dead) logger.error({ err: String(error) }, 'the health-gate stopped');
    });
  }

  hear(hello: Hello): void {
    if (!this.life.dead) this.facts.take(hello, this.parts.clock.now());
  }
}
