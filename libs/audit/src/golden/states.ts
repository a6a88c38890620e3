import type {
  DependencyEvent,
  DomainEvent,
  FreezeEvent,
  GroupEvent,
  HoldEvent,
  LabelEvent,
  PlanEvent,
  RolloutEvent,
  RosterEvent,
  VariableEvent,
} from '@sluice/contracts';
import { decodeToken, variableOfStreamId } from '@sluice/contracts';
import { evolveDependency, initialDependency } from '@sluice/dependency';
import { evolveFreezes, initialFreezes } from '@sluice/freeze';
import { evolveGroup, initialGroup } from '@sluice/group';
import { evolveHolds, initialHolds } from '@sluice/hold';
import { evolveLabel, initialLabel } from '@sluice/label';
import { evolveRollout, initialRollout } from '@sluice/rollout';

import { FoldedFleet } from './fleet-view.js';

/** A stream of the log, and the events of one of its commits. */
export interface Told {
  readonly id: string;
  readonly events: readonly DomainEvent[];
  readonly at: number;
}

/** The states of all that a log tells of, as today's code folds them. */
export class States {
  private readonly states = new Map<string, unknown>();
  private readonly fleets = new Map<string, FoldedFleet>();

  /** What the stream's state looks like behind a commit; undefined for writers whose events nobody folds. */
  after(writer: string, told: Told): object | undefined {
    switch (writer) {
      case 'plan':
      case 'exec':
        return this.folded(told, initialRollout, (state, event) =>
          evolveRollout(state, event as PlanEvent | RolloutEvent, told.at),
        );
      case 'group':
        return this.folded(told, initialGroup, (state, event) => evolveGroup(state, event as GroupEvent));
      case 'dependency':
        return this.folded(told, initialDependency, (state, event) =>
          evolveDependency(state, event as DependencyEvent, told.at),
        );
      case 'freeze':
        return { freezes: this.folded(told, initialFreezes, (s, event) => evolveFreezes(s, event as FreezeEvent)) };
      case 'hold':
        return { holds: this.folded(told, initialHolds, (s, event) => evolveHolds(s, event as HoldEvent)) };
      case 'label':
        return this.folded(told, initialLabel, (state, event) => evolveLabel(state, event as LabelEvent));
      case 'variable':
        return this.ofFleet(told);
      default:
        return undefined;
    }
  }

  private folded<S>({ id, events }: Told, initial: () => S, evolve: (state: S, event: DomainEvent) => S): S {
    let state = (this.states.get(id) as S | undefined) ?? initial();
    for (const event of events) state = evolve(state, event);
    this.states.set(id, state);
    return state;
  }

  private ofFleet({ id, events, at }: Told): object {
    const place = variableOfStreamId(id) ?? { fleet: decodeToken(id.slice('h00-'.length)), variable: undefined };
    const known = this.fleets.get(place.fleet) ?? new FoldedFleet();
    this.fleets.set(place.fleet, known);
    return place.variable === undefined
      ? known.hosts(events as readonly RosterEvent[])
      : known.variable(place.variable, events as readonly VariableEvent[], at);
  }
}
