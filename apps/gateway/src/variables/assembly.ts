import type { EventLog } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';
import type { Logger } from '@sluice/observability';

import type { CommandClient } from '../commands/command-client.js';
import { LogFollower } from '../read-model/follower.js';
import { DesiredState } from './desired-state.js';
import { Fleets } from './fleets.js';
import { Newcomers } from './newcomers.js';
import { VariablesPast } from './past.js';

interface Deps {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
}

export interface Variables {
  readonly fleets: Fleets;
  readonly variablesPast: VariablesPast;
  readonly desired: DesiredState;
}

export function variablesOf({ log, clock, logger, newId }: Deps, commands: CommandClient): Variables {
  const fleets = new Fleets();
  const newcomers = new Newcomers({
    ...{ log, clock, logger, newId },
    send: (shard, envelope) => commands.sendToOwner(shard, 'fleet', envelope),
  });
  return { fleets, variablesPast: new VariablesPast(log), desired: new DesiredState({ fleets, newcomers, clock }) };
}

/** Fleets have years of flips: theirs begins with the end of each stream. */
export const fleetFollowerOf = ({ log, clock, logger }: Omit<Deps, 'newId'>, fleets: Fleets): LogFollower =>
  new LogFollower({
    ...{ log, clock, logger, writers: ['variable'], latest: true },
    apply: (commit) => fleets.apply(commit, log),
    forgetAll: () => fleets.forgetAll(),
  });
