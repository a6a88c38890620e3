import { canonicalJson, type Spite, type VariableEvent } from '@sluice/contracts';

import { recount } from './define.js';
import { slackOf } from './fleet-model.js';
import { behindOf } from './flips.js';
import { durationOf } from './line-model.js';
import type { Told } from './told.js';
import { activeAt, enter, roleCounts, setSide, type VariableModel } from './variable-model.js';

type Of<T extends VariableEvent['type']> = Extract<VariableEvent, { readonly type: T }>;

/** TSU-02: it ends when its time is over, with all that its limits let have it; the counts are those of the hosts. */
export function finish(model: VariableModel, event: Of<'RampFinished'>, { fleet, at, complain }: Told): void {
  const { name, spec, direction } = model;
  const goal = direction > 0 ? durationOf(spec.schedule) : 0;
  if ((event.side === 'to') !== direction > 0)
    complain('TSU-02', `${name} ended at ${event.side}, it went the other way`);
  if (activeAt(model, at) !== goal) complain('TSU-02', `${name} ended at ${activeAt(model, at)} ms of its schedule`);
  const counts = { from: 0, to: 0, pinned: 0 };
  let slack = 0;
  fleet.roles.forEach((role, index) => {
    const { n, to, pinned } = roleCounts(model, index);
    counts.from += n - to;
    counts.to += to;
    counts.pinned += pinned;
    const own = slackOf(fleet, index, at);
    slack += own;
    const behind = behindOf(model, fleet, index, direction > 0 ? 1 : 0);
    if (behind > own) complain('TSU-02', `${name} ended, and ${behind} of ${role} lack it`);
  });
  const off = Math.abs(counts.from - event.counts.from) + Math.abs(counts.to - event.counts.to);
  if (off + Math.abs(counts.pinned - event.counts.pinned) > 2 * slack)
    complain('TSU-02', `${name} ended with ${canonicalJson(event.counts)}, the hosts say ${canonicalJson(counts)}`);
  enter(model, direction > 0 ? 'finished' : 'reversed', at);
  Object.assign(model, { activeMs: goal, since: undefined });
}

/** I10: it says what the events before it came to. Who reads from here on takes its word. */
export function checkpoint(model: VariableModel, event: Of<'VariableCheckpointed'>, told: Told): void {
  const said = headOf(event);
  const pins = event.pins.map(({ host, value }) => [host, value] as const);
  const isSame =
    canonicalJson(said) === canonicalJson(headOf(model)) &&
    canonicalJson(pins.toSorted(byHost)) === canonicalJson([...model.pins].toSorted(byHost)) &&
    sameHosts(model, event.hosts);
  if (!isSame) told.complain('I10', `the checkpoint of ${model.name} is not what its events come to`);
  if (!isSame) take(model, event, told);
}

type Head = Pick<Of<'VariableCheckpointed'>, 'version' | 'spec' | 'phase' | 'direction' | 'activeMs'> & Since;

interface Since {
  readonly since?: number | undefined;
  readonly spite?: Spite | undefined;
}

const headOf = (head: Head) => {
  const { version, spec, phase, direction, activeMs, since = null, spite = null } = head;
  return { version, spec, phase, direction, activeMs, since, spite };
};

const byHost = ([a]: readonly [number, unknown], [b]: readonly [number, unknown]): number => a - b;

function sameHosts({ sides }: VariableModel, hosts: readonly number[]): boolean {
  let count = 0;
  for (const side of sides) count += side;
  return count === hosts.length && hosts.every((host) => sides[host] === 1);
}

function take(model: VariableModel, event: Of<'VariableCheckpointed'>, told: Told): void {
  const { version, spec, direction, activeMs, since, spite } = event;
  Object.assign(model, { version, spec, direction, activeMs, since, spite });
  enter(model, event.phase, told.at);
  model.sides.fill(0);
  for (const host of event.hosts) setSide(model, host, true);
  model.pins.clear();
  for (const { host, value } of event.pins) model.pins.set(host, value);
  recount(model, told);
}
