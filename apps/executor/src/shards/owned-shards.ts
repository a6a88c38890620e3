import {
  type CommandEnvelope,
  type CommandResult,
  type FleetCommand,
  type GroupCommand,
  type ReportAnswer,
  type RolloutCommand,
  type RunReport,
  type Shard,
  shardOfGroup,
  shardOfId,
  type VariableCommand,
} from '@sluice/contracts';
import { messageOf, SluiceError } from '@sluice/kernel';
import type { Lease, LeaseHolder } from '@sluice/messaging';
import type { Fleet } from '@sluice/variable';

import { silentLogger } from '../ports.js';
import { type SteadyDeps, SteadyEngine } from '../regression/steady-engine.js';
import { Fleets } from '../variables/fleets.js';
import { guardedAgents, guardedLog, guardedTraffic } from './guarded.js';
import type { ForwardedCommand, Serving, ShardDoor, ShardIntake } from './ports.js';

export type DriverDeps = Omit<SteadyDeps, 'shards'>;

/** An engine for each shard that is driven here: it is made with the lease and goes with it. */
export class OwnedShards implements LeaseHolder {
  private readonly driven = new Map<Shard, Driver>();

  constructor(
    private readonly deps: DriverDeps,
    private readonly intake: ShardIntake,
  ) {}

  async acquire(shard: Shard, lease: Lease): Promise<void> {
    const driver = new Driver(this.deps, lease);
    this.driven.set(shard, driver);
    try {
      await driver.start(this.intake);
    } catch (error) {
      if (this.driven.get(shard) === driver) this.driven.delete(shard);
      await driver.stop();
      throw error;
    }
  }

  async release(shard: Shard): Promise<void> {
    const driver = this.driven.get(shard);
    await driver?.stop();
    if (this.driven.get(shard) === driver) this.driven.delete(shard);
  }

  drop(shard: Shard): void {
    const driver = this.driven.get(shard);
    this.driven.delete(shard);
    driver?.drop();
  }

  /** What drives the shard here; undefined when nothing does. */
  door(shard: Shard): ShardDoor | undefined {
    return this.driven.get(shard);
  }

  /** A fleet that is driven here. */
  fleet(name: string): Fleet | undefined {
    return this.driven.get(shardOfGroup(name))?.fleet(name);
  }

  /** A report to the shard that its rollout is in. */
  report(report: RunReport): Promise<ReportAnswer> {
    return this.door(shardOfId(report.rollout) ?? '')?.report(report) ?? Promise.resolve(NOT_OWNER);
  }

  /** A command that was forwarded to this executor as the owner of the shard. */
  command(shard: Shard, forwarded: ForwardedCommand): Promise<CommandResult> {
    return this.door(shard)?.command(forwarded) ?? Promise.resolve(NO_MORE);
  }
}

/** One shard from its lease on: rebuilt from the log, and nothing of it outlives the lease. */
class Driver implements ShardDoor {
  private readonly engine: SteadyEngine;
  private readonly fleets: Fleets;
  private serving: Serving | undefined;
  private stopped = false;

  constructor(
    private readonly deps: DriverDeps,
    private readonly lease: Lease,
  ) {
    const log = guardedLog(deps.log, lease);
    this.fleets = new Fleets({ ...deps, log, shards: [lease.part] });
    this.engine = new SteadyEngine({
      ...deps,
      log,
      agents: guardedAgents(deps.agents, lease),
      ...(deps.traffic === undefined ? {} : { traffic: guardedTraffic(deps.traffic, lease) }),
      shards: [lease.part],
    });
  }

  /** Reports come in before it drives: agents are told to wait, and send theirs as soon as it does. */
  async start(intake: ShardIntake): Promise<void> {
    this.serving = await intake.open(this.lease.part);
    if (this.stopped) await this.serving.stop();
    else await Promise.all([this.engine.start(), this.startFleets()]);
  }

  /** They go on trying by themselves; rollouts do not wait for a fleet that cannot be read. */
  private async startFleets(): Promise<void> {
    const { logger = silentLogger } = this.deps;
    await this.fleets.start().catch((error: unknown) => {
      if (!this.stopped) logger.warn({ shard: this.lease.part, reason: messageOf(error) }, 'its fleets cannot be read');
    });
  }

  /** In peace: nothing new comes in, and what is under way is committed and answered. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.serving?.stop();
    await Promise.all([this.engine.stopInPeace(), this.fleets.stop()]);
  }

  drop(): void {
    this.stopped = true;
    const { logger = silentLogger } = this.deps;
    const stopped = Promise.all([this.serving?.stop(), this.engine.stop(), this.fleets.stop()]);
    stopped.catch((error: unknown) =>
      logger.warn({ shard: this.lease.part, reason: messageOf(error) }, 'a shard that was lost did not stop cleanly'),
    );
  }

  fleet(name: string): Fleet | undefined {
    return this.fleets.fleet(name);
  }

  report(report: RunReport): Promise<ReportAnswer> {
    return this.lease.isValid() ? this.engine.onReport(report) : Promise.resolve(NOT_OWNER);
  }

  command({ aggregate, envelope }: ForwardedCommand): Promise<CommandResult> {
    if (!this.lease.isValid()) return Promise.resolve(NO_MORE);
    switch (aggregate) {
      case 'rollout':
        return this.engine.command(envelope as CommandEnvelope<RolloutCommand>);
      case 'group':
        return this.engine.groupCommand(envelope as CommandEnvelope<GroupCommand>);
      case 'variable':
        return this.fleets.variableCommand(envelope as CommandEnvelope<VariableCommand>);
      case 'fleet':
        return this.fleets.fleetCommand(envelope as CommandEnvelope<FleetCommand>);
      default:
        throw new SluiceError('BAD_COMMAND', `no shard takes ${aggregate} commands`);
    }
  }
}

const NOT_OWNER: ReportAnswer = {
  ok: false,
  code: 'NOT_OWNER',
  message: 'this executor drives the shard no more: send it again, its owner will answer',
  retry: true,
};

const NO_MORE: CommandResult = {
  ok: false,
  code: 'NOT_OWNER',
  message: 'this executor drives the shard no more: say it again, its owner will answer',
};
