import {
  type CommandEnvelope,
  type CommandResult,
  type FleetCommand,
  shardOfGroup,
  type StreamName,
  type VariableCommand,
  variableStreamId,
  variableTarget,
} from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { countsOf, type Fleet } from '@sluice/variable';

import { EXECUTOR } from '../actors/rollout-actor.js';
import { lastWords } from './last-words.js';
import type { RampAnswer, RampOrder, RampPort, VariableSight } from './ports.js';

/** Where fleets take commands: here, or on the way to whoever drives their shard. */
export interface FleetDoor {
  variableCommand(envelope: CommandEnvelope<VariableCommand>): Promise<CommandResult>;
  fleetCommand(envelope: CommandEnvelope<FleetCommand>): Promise<CommandResult>;
}

/** The variables of rollouts, by the fleets of this executor or, where another drives them, by the log. */
export class FleetRamps implements RampPort {
  constructor(
    private readonly door: FleetDoor,
    /** Undefined for a fleet that is not driven here. */
    private readonly fleetOf: (name: string) => Fleet | undefined,
    private readonly log: EventLog,
  ) {}

  async look(fleet: string, variable: string): Promise<VariableSight | undefined> {
    const here = this.fleetOf(fleet);
    const state = here?.variables.get(variable);
    if (here === undefined || state === undefined) return this.lookIntoLog(fleet, variable);
    const { from, to, other } = countsOf(state, here.roster);
    const words = state.stopped?.words;
    // Whose pause it is stands in the log alone.
    const held = state.phase === 'paused' && (await this.lookIntoLog(fleet, variable))?.held === true;
    return {
      spec: state.spec,
      phase: state.phase,
      held,
      to,
      hosts: from + to + other,
      ...(words === undefined ? {} : { words }),
    };
  }

  async say({ fleet, variable, command, reason, id }: RampOrder): Promise<RampAnswer> {
    const envelope = { v: 1, id, actor: EXECUTOR, reason } as const;
    const result =
      command.type === 'breach'
        ? await this.door.fleetCommand({ ...envelope, target: fleet, command: { ...command, variables: [variable] } })
        : await this.door.variableCommand({ ...envelope, target: variableTarget(fleet, variable), command });
    return result.ok ? { ok: true } : { ok: false, code: result.code, message: result.message };
  }

  private lookIntoLog(fleet: string, variable: string): Promise<VariableSight | undefined> {
    const stream: StreamName & { readonly writer: 'variable' } = {
      shard: shardOfGroup(fleet),
      writer: 'variable',
      id: variableStreamId(fleet, variable),
    };
    return lastWords(this.log, stream);
  }
}
