import type { RampPhase, Scalar, Spite, VariableSpec } from '@sluice/contracts';

import { durationOf, limitOf } from './line-model.js';

export interface RoleCounts {
  /** Hosts that are here; those that are pinned are none of `n` and `to`. */
  n: number;
  to: number;
  pinned: number;
  pinnedTo: number;
  /** When hosts of it changed, since its pace was set; undefined where it has none. */
  changes: { readonly at: number; count: number }[] | undefined;
}

/** A variable as an outsider reads its stream; shares no code with its own domain. */
export interface VariableModel {
  readonly name: string;
  spec: VariableSpec;
  version: number;
  phase: RampPhase;
  /** What it was before, with the time of each change: whoever looks may be late. */
  readonly phases: { readonly phase: RampPhase; readonly at: number }[];
  direction: 1 | -1;
  activeMs: number;
  since: number | undefined;
  /** The freezes in spite of which it goes on. */
  spite: Spite | undefined;
  /** By number of a host: 1 when it was given `to`. */
  sides: Uint8Array;
  readonly pins: Map<number, Scalar>;
  readonly roles: RoleCounts[];
  commits: number;
  /** Commits of flips in one second. */
  readonly burst: { second: number; count: number };
}

export const newVariable = (spec: VariableSpec): VariableModel => ({
  name: spec.name,
  spec,
  version: 0,
  phase: 'defined',
  phases: [],
  direction: 1,
  activeMs: 0,
  since: undefined,
  spite: undefined,
  sides: new Uint8Array(64),
  pins: new Map(),
  roles: [],
  commits: 0,
  burst: { second: 0, count: 0 },
});

const MAX_PHASES = 8;

export function enter(model: VariableModel, phase: RampPhase, at: number): void {
  if (model.phases.push({ phase: model.phase, at }) > MAX_PHASES) model.phases.shift();
  model.phase = phase;
}

/** How much of the schedule has passed. */
export function activeAt({ activeMs, since, direction, spec }: VariableModel, now: number): number {
  if (since === undefined) return activeMs;
  return Math.min(durationOf(spec.schedule), Math.max(0, activeMs + direction * Math.max(0, now - since)));
}

export function roleCounts({ roles }: VariableModel, role: number): RoleCounts {
  while (roles.length <= role) roles.push({ n: 0, to: 0, pinned: 0, pinnedTo: 0, changes: undefined });
  return roles[role] as RoleCounts;
}

/** Counts a host in (1) or out (-1) of a role. */
export function recountHost(
  model: VariableModel,
  host: number,
  { role, by }: { readonly role: number; readonly by: 1 | -1 },
): void {
  if (role < 0) return;
  const counts = roleCounts(model, role);
  const pin = model.pins.get(host);
  if (pin === undefined) {
    counts.n += by;
    counts.to += model.sides[host] === 1 ? by : 0;
  } else {
    counts.pinned += by;
    counts.pinnedTo += pin === model.spec.to ? by : 0;
  }
}

/** Gives a host a side, wherever it is; it is counted by whoever calls. */
export function setSide(model: VariableModel, host: number, isTo: boolean): void {
  if (host >= model.sides.length) {
    const more = new Uint8Array(Math.max(model.sides.length * 2, host + 1));
    more.set(model.sides);
    model.sides = more;
  }
  model.sides[host] = isTo ? 1 : 0;
}

/** Hosts of a role have another value; kept as long as the window of its pace. */
export function noteChanges(
  model: VariableModel,
  name: string,
  counts: RoleCounts,
  told: { at: number; count: number },
) {
  const pace = limitOf(model.spec, name)?.pace;
  if (pace === undefined || told.count === 0) return;
  const changes = counts.changes ?? [];
  counts.changes = changes;
  const last = changes.at(-1);
  if (last?.at === told.at) last.count += told.count;
  else changes.push({ ...told });
  while ((changes[0]?.at ?? Infinity) <= told.at - pace.windowMs) changes.shift();
}
