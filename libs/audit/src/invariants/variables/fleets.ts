import {
  decodeToken,
  type EventToAppend,
  type RosterEvent,
  rosterStreamId,
  type VariableEvent,
  variableOfStreamId,
} from '@sluice/contracts';

import type { Complain } from '../complain.js';
import { applyVariable } from './course.js';
import { applyRoster, type FleetModel, newFleet } from './fleet-model.js';
import { FleetFold } from './fold.js';
import { newVariable, type VariableModel } from './variable-model.js';

interface Followed {
  readonly model: FleetModel;
  readonly fold: FleetFold;
}

interface Place {
  readonly fleet: string;
  readonly variable?: string;
}

/** Behind these each host is looked at. */
const WHOLE: ReadonlySet<string> = new Set(['VariableCheckpointed', 'VariableReverted', 'RampFinished']);

/** All fleets of a log with their variables. */
export class Fleets {
  private readonly fleets = new Map<string, Followed>();
  private readonly places = new Map<string, Place>();

  /** One event of a `variable` stream; `at` of its commit in ms since the epoch. */
  apply(stream: string, item: EventToAppend, at: number, complain: Complain): void {
    const { fleet, variable } = this.placeOf(stream);
    const { model, fold } = this.fleetOf(fleet);
    if (variable !== undefined) return this.value(variable, item, { fleet, at }, complain);
    const event = item.event as RosterEvent;
    applyRoster(model, event, at, complain);
    fold.hosts(event);
  }

  /** Behind a commit, whose events were applied. */
  compare(stream: string, events: readonly EventToAppend[], complain: Complain): void {
    const { fleet, variable: name } = this.placeOf(stream);
    const { model, fold } = this.fleetOf(fleet);
    if (name === undefined) return fold.compareHosts(model, complain);
    const variable = model.variables.get(name);
    if (variable === undefined) return;
    variable.commits += 1;
    const isWhole = events.some(({ event }) => WHOLE.has(event.type));
    fold.compare(model, variable, isWhole, complain);
  }

  /** The roster that a stream of a variable names its hosts by. */
  rosterOf(stream: string): string {
    return rosterStreamId(this.placeOf(stream).fleet);
  }

  /** Undefined for one that nobody has defined. */
  variable(fleet: string, name: string): VariableModel | undefined {
    return this.fleets.get(fleet)?.model.variables.get(name);
  }

  model(fleet: string): FleetModel | undefined {
    return this.fleets.get(fleet)?.model;
  }

  forget(stream: string): void {
    const place = this.places.get(stream);
    if (place?.variable === undefined) this.fleets.delete(place?.fleet ?? '');
    else this.fleets.get(place.fleet)?.model.variables.delete(place.variable);
  }

  clear(): void {
    this.fleets.clear();
  }

  private value(
    name: string,
    { event: each, meta }: EventToAppend,
    { fleet, at }: { readonly fleet: string; readonly at: number },
    complain: Complain,
  ): void {
    const { model, fold } = this.fleetOf(fleet);
    const event = each as VariableEvent;
    const known = model.variables.get(name) ?? (event.type === 'VariableDefined' ? newVariable(event.spec) : undefined);
    if (known === undefined) return complain('TSU-01', `${event.type} of ${name}, which nobody has defined`);
    if (known.name !== name || (event.type === 'VariableDefined' && event.spec.name !== name))
      return complain('TSU-01', `the stream of ${name} defines ${known.name}`);
    model.variables.set(name, known);
    applyVariable(known, event, { fleet: model, meta, at, complain });
    fold.variable(name, event, at);
  }

  private placeOf(stream: string): Place {
    const known = this.places.get(stream);
    if (known !== undefined) return known;
    const place = stream.startsWith('v')
      ? variableOfStreamId(stream)
      : { fleet: decodeToken(stream.slice('h00-'.length)) };
    const made = place ?? { fleet: stream };
    this.places.set(stream, made);
    return made;
  }

  private fleetOf(name: string): Followed {
    const known = this.fleets.get(name) ?? { model: newFleet(), fold: new FleetFold() };
    this.fleets.set(name, known);
    return known;
  }
}
