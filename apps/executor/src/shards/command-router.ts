import type {
  CommandEnvelope,
  CommandResult,
  FleetCommand,
  GroupCommand,
  RolloutCommand,
  Shard,
  VariableCommand,
} from '@sluice/contracts';
import { isRolloutId, shardOfGroup, shardOfId, variableOfTarget } from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';

import type { ForwardedCommand, ShardDoor, ShardRoute } from './ports.js';

export interface CommandRouterDeps {
  readonly owned: { door(shard: Shard): ShardDoor | undefined };
  readonly route: ShardRoute;
  readonly clock: Clock;
  /** How long an owner is looked for, ms: less than callers wait. */
  readonly waitMs: number;
}

/** Answers of one that is not, not yet, or no more the owner: nothing was done. */
const ELSEWHERE: ReadonlySet<string> = new Set(['NOT_OWNER', 'NOT_READY', 'STOPPING']);
const PAUSE_MS = 100;

/**
 * Commands come to any executor and go on to the one that drives their shard. While there is none they wait, for a
 * bounded time; one that is sent twice on the way, because an owner died over it, has one effect by its idempotency key.
 */
export class CommandRouter {
  constructor(private readonly deps: CommandRouterDeps) {}

  async command(envelope: CommandEnvelope<RolloutCommand>): Promise<CommandResult> {
    const { target } = envelope;
    const shard = isRolloutId(target) ? shardOfId(target) : undefined;
    if (shard === undefined) return { ok: false, code: 'NOT_FOUND', message: `"${target.slice(0, 60)}" is no rollout` };
    return this.toOwner(shard, { aggregate: 'rollout', envelope });
  }

  groupCommand(envelope: CommandEnvelope<GroupCommand>): Promise<CommandResult> {
    return this.toOwner(shardOfGroup(envelope.target), { aggregate: 'group', envelope });
  }

  /** A fleet and its variables are in the shard of a group of the fleet's name. */
  async variableCommand(envelope: CommandEnvelope<VariableCommand>): Promise<CommandResult> {
    const fleet = variableOfTarget(envelope.target)?.fleet;
    if (fleet === undefined) return noVariable(envelope.target);
    return this.toOwner(shardOfGroup(fleet), { aggregate: 'variable', envelope });
  }

  fleetCommand(envelope: CommandEnvelope<FleetCommand>): Promise<CommandResult> {
    return this.toOwner(shardOfGroup(envelope.target), { aggregate: 'fleet', envelope });
  }

  async toOwner(shard: Shard, forwarded: ForwardedCommand): Promise<CommandResult> {
    const { clock, owned, route, waitMs } = this.deps;
    for (const deadline = clock.now() + waitMs; ;) {
      const door = owned.door(shard);
      const result = await (door === undefined ? route.send(shard, forwarded) : door.command(forwarded));
      if (result !== undefined && (result.ok || !ELSEWHERE.has(result.code))) return result;
      if (clock.now() + PAUSE_MS >= deadline) return noOwner(shard);
      await new Promise<void>((resolve) => clock.schedule(PAUSE_MS, resolve));
    }
  }
}

const noVariable = (target: string): CommandResult => ({
  ok: false,
  code: 'NOT_FOUND',
  message: `"${target.slice(0, 100)}" is no variable of a fleet: write <fleet>/<variable>`,
});

const noOwner = (shard: Shard): CommandResult => ({
  ok: false,
  code: 'NO_OWNER',
  message: `no executor drives shard ${shard} now: send it again with the same Idempotency-Key in a moment, and see that executors run (\`sluice doctor\`)`,
  details: { shard },
});
