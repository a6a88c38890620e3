import type { NatsConnection } from '@nats-io/nats-core';
import {
  type CommandResult,
  parseFleetCommand,
  parseGroupCommand,
  parseRolloutCommand,
  parseVariableCommand,
  type ReportAnswer,
  type RunReport,
  type Shard,
  SUBJECTS,
} from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';
import { type Log, registered, requestJson, serveJson } from '@sluice/messaging';

import { serveReports } from '../nats/reports.js';
import type { ForwardedCommand, ShardIntake, ShardRoute } from './ports.js';

/** How long the owner of a shard may take for one command before it is asked for again. */
const ANSWER_MS = 4_000;

export interface ShardHandlers {
  readonly report: (report: RunReport) => Promise<ReportAnswer>;
  readonly command: (shard: Shard, forwarded: ForwardedCommand) => Promise<CommandResult>;
}

/**
 * The subjects of a shard, served by its owner alone. Not by a queue group: of a process that was stopped the server
 * learns late, and would give it every second message until then.
 */
export function natsIntake(nats: NatsConnection, log: Log, handlers: ShardHandlers): ShardIntake {
  return {
    open: async (shard) => {
      const reports = serveReports(nats, [shard], handlers.report, log);
      const onCommand = (body: unknown): Promise<CommandResult> => handlers.command(shard, readForwarded(body));
      const commands = serveJson(nats, SUBJECTS.shardCommand(shard), onCommand, { log });
      await registered(nats);
      return { stop: async () => void (await Promise.all([reports.stop(), commands.stop()])) };
    },
  };
}

export function natsRoute(nats: NatsConnection): ShardRoute {
  return {
    send: async (shard, forwarded) => {
      const subject = SUBJECTS.shardCommand(shard);
      const asked = await requestJson<CommandResult>(nats, subject, forwarded, { timeoutMs: ANSWER_MS });
      return asked.kind === 'answer' ? asked.value : undefined;
    },
  };
}

/** Other services can reach the subject too, so what comes is read by the schemas again. Code BAD_COMMAND. */
function readForwarded(body: unknown): ForwardedCommand {
  const { aggregate, envelope } = (body ?? {}) as Partial<ForwardedCommand>;
  switch (aggregate) {
    case 'rollout':
      return { aggregate, envelope: parseRolloutCommand(envelope) };
    case 'group':
      return { aggregate, envelope: parseGroupCommand(envelope) };
    case 'variable':
      return { aggregate, envelope: parseVariableCommand(envelope) };
    case 'fleet':
      return { aggregate, envelope: parseFleetCommand(envelope) };
    default:
      throw new SluiceError('BAD_COMMAND', 'a forwarded command names the aggregate rollout, group, variable or fleet');
  }
}
