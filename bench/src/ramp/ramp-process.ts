import type { VariableEvent } from '@sluice/contracts';
import { invariant } from '@sluice/kernel';
import {
  decideVariable,
  evolveFleet,
  evolveVariable,
  type Fleet,
  initialFleet,
  nextFlipAt,
  variableOf,
} from '@sluice/variable';

import { serveBench } from '../child.js';
import { hostName, ROLES } from '../desired/fleet-log.js';
import { usedMemory } from '../memory.js';
import type { RampOrder, RampResult } from './ramp.js';

const DAY_MS = 86_400_000;
const START = 1_767_225_600_000;
const NAME = 'docker';
/** Ramps of small fleets are repeated until so many ticks are timed. */
const TICKS = 20_000;

function fleetOf(hosts: number, variables: number): Fleet {
  const fleet = initialFleet();
  const roles = Math.min(ROLES, Math.ceil(hosts / 10));
  const size = Math.ceil(hosts / roles);
  for (let from = 0, role = 0; from < hosts; from += size, role += 1) {
    const names = Array.from({ length: Math.min(size, hosts - from) }, (_, i) => hostName(from + i));
    evolveFleet(fleet, { type: 'HostsJoined', role: `role-${role}`, from, names });
  }
  for (let i = 0; i < variables; i += 1) define(fleet, i === 0 ? NAME : `${NAME}_${i}`);
  return fleet;
}

function define(fleet: Fleet, name: string): void {
  const schedule = { kind: 'linear' as const, durationMs: 14 * DAY_MS };
  const spec = { name, type: 'string' as const, from: '1.6', to: '1.9', schedule, limits: {}, salt: '' };
  const reason = 'a benchmark';
  evolveVariable(fleet, name, { type: 'VariableDefined', version: 1, spec, reason }, START);
  evolveVariable(fleet, name, { type: 'RampStarted', activeMs: 0, reason }, START);
}

function tick(fleet: Fleet, at: number): readonly VariableEvent[] {
  const events = decideVariable(fleet, NAME, { type: 'tick' }, at);
  for (const event of events) evolveVariable(fleet, NAME, event, at);
  return events;
}

/** From its first flip to its last, each at its time: the ticks, and how many hosts changed. */
function rampOf(fleet: Fleet): { readonly ticks: number; readonly flips: number } {
  let [ticks, flips] = [0, 0];
  const variable = variableOf(fleet, NAME);
  for (let at = nextFlipAt(variable, fleet.roster); at !== undefined; at = nextFlipAt(variable, fleet.roster)) {
    for (const event of tick(fleet, at)) if (event.type === 'ValuesAssigned') flips += event.hosts.length;
    ticks += 1;
  }
  return { ticks, flips };
}

function measure({ hosts, variables }: RampOrder): RampResult {
  let [ticks, ms] = [0, 0];
  for (let round = 0; ticks < TICKS; round += 1) {
    const fleet = fleetOf(hosts, 1);
    const start = performance.now();
    const done = rampOf(fleet);
    const took = performance.now() - start;
    invariant(done.flips === hosts, 'a ramp flips every host once', { flips: done.flips, hosts });
    // The first one is compiled while it runs.
    if (round === 0 && hosts < TICKS) continue;
    ticks += done.ticks;
    ms += took;
  }
  const late = fleetOf(hosts, 1);
  const start = performance.now();
  tick(late, START + 14 * DAY_MS);
  const allAtOnceMs = performance.now() - start;
  return { tickUs: (ms * 1_000) / ticks, allAtOnceMs, bytesPerHost: bytesOf(hosts, variables) };
}

function bytesOf(hosts: number, variables: number): number {
  const before = usedMemory();
  const fleet = fleetOf(hosts, variables);
  const bytes = usedMemory() - before;
  invariant(fleet.roster.present === hosts, 'all hosts are there', { hosts });
  return bytes / hosts;
}

await serveBench<RampOrder, RampResult, RampResult>((order) =>
  Promise.resolve({
    run: () => Promise.resolve(measure(order)),
    check: (result) => result,
    stop: () => Promise.resolve(),
  }),
);
