import { canonicalJson, type VariableEvent, type VariableSpec } from '@sluice/contracts';

import { slackOf } from './fleet-model.js';
import { durationOf } from './line-model.js';
import type { Told } from './told.js';
import { enter, roleCounts, type VariableModel } from './variable-model.js';

type Defined = Extract<VariableEvent, { readonly type: 'VariableDefined' }>;

const AT_AN_END: ReadonlySet<string> = new Set(['defined', 'reverted', 'reversed', 'finished']);

/** TSU-01: a definition never changes what a host is to have. */
export function define(model: VariableModel, { spec, version }: Defined, told: Told): void {
  const { spec: old } = model;
  const isSame = old.from === spec.from && old.to === spec.to;
  if (version !== model.version + 1)
    told.complain('TSU-01', `version ${version} of ${spec.name} follows on ${model.version}`);
  if (model.version > 0) mayChange(model, spec, isSame, told);
  // What it changed by under another pace nobody has counted.
  if (canonicalJson(old.limits) !== canonicalJson(spec.limits))
    for (const role of model.roles) role.changes = undefined;
  model.spec = spec;
  model.version = version;
  if (model.phase === 'finished') model.activeMs = durationOf(spec.schedule);
  if (!isSame) beginAnew(model, told.at);
  recount(model, told);
}

function mayChange(model: VariableModel, spec: VariableSpec, isSame: boolean, told: Told): void {
  const isOtherLine = canonicalJson(model.spec.schedule) !== canonicalJson(spec.schedule);
  if ((!isSame || isOtherLine) && !AT_AN_END.has(model.phase))
    told.complain('TSU-01', `${spec.name} was given another ramp while it is ${model.phase}`);
  if (!isSame) goesOnFromThere(model, spec.from, told);
}

/** All hosts have the value from which the next ramp goes. */
function goesOnFromThere(model: VariableModel, from: unknown, { fleet, at, complain }: Told): void {
  fleet.roles.forEach((name, role) => {
    const { n, to } = roleCounts(model, role);
    const others =
      (from === model.spec.to ? n - to : to) + (from === model.spec.to || from === model.spec.from ? 0 : n);
    if (others > slackOf(fleet, role, at))
      complain(
        'TSU-01',
        `${others} of ${n} ${name} have another value than ${String(from)}, from which ${model.name} is to go`,
      );
  });
}

function beginAnew(model: VariableModel, at: number): void {
  model.sides.fill(0);
  Object.assign(model, { direction: 1, activeMs: 0, since: undefined, spite: undefined });
  enter(model, 'defined', at);
}

/** Counts all roles anew, from the hosts. */
export function recount(model: VariableModel, { fleet }: Pick<Told, 'fleet'>): void {
  fleet.roles.forEach((_, role) => Object.assign(roleCounts(model, role), { n: 0, to: 0, pinned: 0, pinnedTo: 0 }));
  for (let host = 0; host < fleet.hosts; host += 1) {
    const role = (fleet.roleOf[host] ?? 0) - 1;
    if (role < 0) continue;
    const counts = roleCounts(model, role);
    const pin = model.pins.get(host);
    if (pin === undefined) {
      counts.n += 1;
      counts.to += model.sides[host] === 1 ? 1 : 0;
    } else {
      counts.pinned += 1;
      counts.pinnedTo += pin === model.spec.to ? 1 : 0;
    }
  }
}
