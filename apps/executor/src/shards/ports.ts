import type { CommandAggregate, CommandResult, ReportAnswer, RunReport, Shard } from '@sluice/contracts';

/** A part that serves until it is stopped: what came before that is still answered. */
export interface Serving {
  stop(): Promise<void>;
}

/** What drives one shard, as the world outside meets it. */
export interface ShardDoor {
  report(report: RunReport): Promise<ReportAnswer>;
  command(forwarded: ForwardedCommand): Promise<CommandResult>;
}

/** A command on its way to the owner of its shard; the envelope was read by its schema where it came in. */
export interface ForwardedCommand {
  readonly aggregate: CommandAggregate;
  readonly envelope: unknown;
}

/** Where reports and commands of a shard come in; they go to what OwnedShards has for it. */
export interface ShardIntake {
  /** Resolves when they do. */
  open(shard: Shard): Promise<Serving>;
}

/** The way to the owner of a shard in another process. Undefined: there is none, or it did not answer in time. */
export interface ShardRoute {
  send(shard: Shard, forwarded: ForwardedCommand): Promise<CommandResult | undefined>;
}
