import type { VariableEvent } from '@sluice/contracts';

import { roleAt } from './fleet-model.js';
import type { Told } from './told.js';
import { noteChanges, recountHost, roleCounts, setSide, type VariableModel } from './variable-model.js';

type Of<T extends VariableEvent['type']> = Extract<VariableEvent, { readonly type: T }>;

const MAX_PINS = 10_000;

const valueOf = ({ pins, sides, spec }: VariableModel, host: number) =>
  pins.get(host) ?? (sides[host] === 1 ? spec.to : spec.from);

/** Who changes a host, and notes it where its role has a pace. */
function change(model: VariableModel, host: number, { fleet, at }: Told, act: () => void): void {
  const role = roleAt(fleet, host);
  const before = valueOf(model, host);
  recountHost(model, host, { role, by: -1 });
  act();
  recountHost(model, host, { role, by: 1 });
  if (role >= 0 && valueOf(model, host) !== before)
    noteChanges(model, fleet.roles[role] ?? '', roleCounts(model, role), { at, count: 1 });
}

/** A pin overrides the ramp, and is an exception. */
export function pin(model: VariableModel, { hosts, value }: Of<'HostsPinned'>, told: Told): void {
  for (const host of hosts) {
    if (host >= told.fleet.hosts) told.complain('I8', `host ${host} was pinned and never heard of`);
    if (typeof value !== model.spec.type) told.complain('I8', `host ${host} was pinned to ${typeof value}`);
    change(model, host, told, () => model.pins.set(host, value));
  }
  if (model.pins.size > MAX_PINS) told.complain('I8', `${model.name} has ${model.pins.size} pins`);
}

/** It keeps what it has where that is one of the two values, and has what it had before its pin otherwise. */
export function unpin(model: VariableModel, { hosts }: Of<'HostsUnpinned'>, told: Told): void {
  for (const host of hosts) {
    const value = model.pins.get(host);
    if (value === undefined) told.complain('I8', `host ${host} was let go and is not pinned`);
    change(model, host, told, () => {
      if (value === model.spec.to) setSide(model, host, true);
      else if (value === model.spec.from) setSide(model, host, false);
      model.pins.delete(host);
    });
  }
}
