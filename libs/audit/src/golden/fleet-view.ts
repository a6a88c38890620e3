import type { RosterEvent, VariableEvent } from '@sluice/contracts';
import { evolveFleet, evolveVariable, type Fleet, initialFleet, roleOf, valueOf } from '@sluice/variable';

/** A fleet from its first event on; and, where it is said anew, from there on, as a process that starts reads it. */
export class FoldedFleet {
  private readonly fleet: Fleet = initialFleet();
  private readonly roster: RosterEvent[] = [];
  private readonly parts: RosterEvent[] = [];

  hosts(events: readonly RosterEvent[]): object {
    for (const event of events) {
      evolveFleet(this.fleet, event);
      this.roster.push(event);
    }
    const last = events.at(-1);
    const restored = last?.type === 'RosterCheckpointed' ? this.saidAnew(last) : undefined;
    return { ...hostsView(this.fleet), restored };
  }

  variable(name: string, events: readonly VariableEvent[], at: number): object {
    for (const event of events) evolveVariable(this.fleet, name, event, at);
    const last = events.at(-1);
    const restored = last?.type === 'VariableCheckpointed' ? this.restored(name, last, at) : undefined;
    return { ...variableView(this.fleet, name), restored };
  }

  private saidAnew(part: Extract<RosterEvent, { readonly type: 'RosterCheckpointed' }>): object | undefined {
    if (part.part === 1) this.parts.length = 0;
    this.parts.push(part);
    if (part.part < part.parts) return undefined;
    const fresh = initialFleet();
    for (const each of this.parts) evolveFleet(fresh, each);
    return hostsView(fresh);
  }

  private restored(name: string, checkpoint: VariableEvent, at: number): object {
    const fresh = initialFleet();
    for (const each of this.roster) evolveFleet(fresh, each);
    evolveVariable(fresh, name, checkpoint, at);
    return variableView(fresh, name);
  }
}

/** The hosts: what their events say, and none of what is only kept to be fast. */
const hostsView = ({ roster }: Fleet): object => ({
  names: roster.names,
  roles: roster.roles,
  places: roster.names.map((_, host) => roleOf(roster, host)),
  sizes: roster.members.map(({ length }) => length),
});

/** A variable, and the value of each host. */
function variableView({ roster, variables }: Fleet, name: string): object {
  const state = variables.get(name);
  if (state === undefined) return { name };
  const { spec, version, phase, direction, activeMs, since, stopped, spite, pins, roles } = state;
  return {
    ...{ name, spec, version, phase, direction, activeMs, since, stopped, spite },
    pins: [...pins].toSorted(([a], [b]) => a - b),
    roles: roles.map(({ n, to, pinned, pinnedTo, pace }) => ({ n, to, pinned, pinnedTo, pace })),
    values: roster.names.map((_, host) => valueOf(state, host)).join(),
  };
}
