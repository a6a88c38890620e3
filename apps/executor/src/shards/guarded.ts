import type { EventLog } from '@sluice/event-log';
import { SluiceError } from '@sluice/kernel';
import type { Lease } from '@sluice/messaging';

import type { AgentPort } from '../ports.js';
import type { TrafficPorts } from '../traffic/ports.js';

/**
 * The log and the agents as the driver of a shard has them: each append and each run looks at the lease first. A process
 * that stood still finds on waking that its lease is over before it does anything else, whichever timer fires first.
 */
export function guardedLog(log: EventLog, lease: Lease): EventLog {
  return {
    append: (...args) => (lease.isValid() ? log.append(...args) : Promise.reject(over(lease))),
    read: (...args) => log.read(...args),
    last: (...args) => log.last(...args),
    follow: (options) => log.follow(options),
    position: () => log.position(),
  };
}

export function guardedAgents(agents: AgentPort, lease: Lease): AgentPort {
  return {
    run: (command) => (lease.isValid() ? agents.run(command) : Promise.reject(over(lease))),
    status: (host, query) => (lease.isValid() ? agents.status(host, query) : Promise.reject(over(lease))),
  };
}

/** What was looked at may be told: the log refuses it then. */
export function guardedTraffic({ sides, weights }: TrafficPorts, lease: Lease): TrafficPorts {
  const down = { kind: 'down', words: over(lease).message } as const;
  return {
    sides: {
      look: (place) => sides.look(place),
      scale: async (...args) => (lease.isValid() ? sides.scale(...args) : down),
      retire: async (...args) => (lease.isValid() ? sides.retire(...args) : down),
    },
    weights: { publish: async (...args) => (lease.isValid() ? weights.publish(...args) : down) },
  };
}

const over = ({ part: shard }: Lease): SluiceError =>
  new SluiceError('STOPPING', `the lease of shard ${shard} is over here: say it again, its owner will answer`);
