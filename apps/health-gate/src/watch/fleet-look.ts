import type { Drift, FleetEvent, SeenMember } from '@sluice/contracts';
import { decideRollout, phaseAt } from '@sluice/rollout';

import type { FleetFacts } from '../facts/fleet-facts.js';
import type { RolloutWatch } from './rollout-watch.js';

/** How long heartbeats may be missing, and when they began to be heard. */
export interface Listening {
  readonly now: number;
  /** ms since the epoch: silence before that says nothing. */
  readonly since: number;
  readonly silentAfterMs: number;
}

/** The executor has had its turn by then; what it did not take may have been lost. */
const SAY_AGAIN_MS = 30_000;
/** A heartbeat that was on its way while the host changed says nothing. */
const SETTLE_MS = 10_000;
const MAX_LISTED = 1_000;
/** Hosts of one rollout whose drift is told. */
const MAX_DRIFTS = 10_000;

/**
 * What heartbeats say about the hosts of a rollout that its log does not show yet: hosts that fell silent or are back
 * (MOM-12), members that the plan does not have (STR-08), and versions that nobody recorded (XIM-08). Silence counts
 * for hosts that were heard of before, and for none that the executor would not take it from.
 */
export function lookAtFleet(watch: RolloutWatch, facts: FleetFacts, listening: Listening): readonly FleetEvent[] {
  const { silent, heard, drifts } = lookAtTargets(watch, facts, listening);
  const { state } = watch;
  const { now, silentAfterMs: afterMs } = listening;
  const events: FleetEvent[] = [];
  for (const event of decideRollout(state, { type: 'silent', targets: silent }, now))
    if (event.type === 'TargetsSilent') events.push({ type: 'HostsSilent', targets: event.targets, afterMs });
  for (const event of decideRollout(state, { type: 'heard', targets: heard }, now))
    if (event.type === 'TargetsHeard') events.push({ type: 'HostsHeard', targets: event.targets });
  for (const event of decideRollout(state, { type: 'seen', members: strangers(watch, facts, listening) }, now))
    if (event.type === 'MembersJoined') events.push({ type: 'MembersSeen', members: event.members });
  if (drifts.length > 0) events.push({ type: 'DriftSeen', drifts });
  for (const event of events) remember(watch, event, now);
  return events;
}

interface Seen {
  readonly silent: number[];
  readonly heard: number[];
  readonly drifts: Drift[];
}

function lookAtTargets(watch: RolloutWatch, facts: FleetFacts, listening: Listening): Seen {
  const seen: Seen = { silent: [], heard: [], drifts: [] };
  const { targets, silent } = watch.state;
  for (let target = 0; target < targets.length; target += 1) {
    const host = targets[target]?.host ?? '';
    const heardAt = facts.heardAt(host);
    if (heardAt === undefined) continue;
    const isSilent = isTooLong(heardAt, listening);
    if (silent.has(target)) {
      if (!isSilent && isAsRecorded(watch, facts, target)) say(watch, target, listening.now, seen.heard);
    } else if (isSilent) say(watch, target, listening.now, seen.silent);
    if (!isSilent) drifted(watch, facts, target, seen.drifts);
  }
  return seen;
}

const isTooLong = (heardAt: number, { now, since, silentAfterMs }: Listening): boolean =>
  now - Math.max(heardAt, since) >= silentAfterMs;

function say(watch: RolloutWatch, target: number, now: number, into: number[]): void {
  if (now - (watch.said.get(target) ?? Number.NEGATIVE_INFINITY) >= SAY_AGAIN_MS) into.push(target);
}

/** One that was done is back when it serves the version again; another is back when it speaks. */
function isAsRecorded({ state, plan }: RolloutWatch, facts: FleetFacts, target: number): boolean {
  const was = state.silent.get(target);
  if (was !== 'done' && was !== 'skipped') return true;
  const heartbeat = facts.latest(state.targets[target]?.host ?? '', plan.app, plan.group);
  return heartbeat?.running === plan.version && heartbeat.serving;
}

function drifted(watch: RolloutWatch, facts: FleetFacts, target: number, drifts: Drift[]): void {
  const recorded = recordedOf(watch, target);
  const host = watch.state.targets[target]?.host;
  if (recorded === undefined || host === undefined || drifts.length >= MAX_LISTED) return;
  const running = runningSince(watch, facts, target);
  if (typeof running !== 'string' || running === recorded || watch.drifts.size >= MAX_DRIFTS) return;
  if (watch.drifts.get(host) !== running) drifts.push({ host, recorded, running });
}

/** What the target's host says that it runs, in a heartbeat that is later than what was done to it. */
function runningSince({ state, plan, cameThroughAt }: RolloutWatch, facts: FleetFacts, target: number) {
  const heartbeat = facts.latest(state.targets[target]?.host ?? '', plan.app, plan.group);
  const since = cameThroughAt.get(target) ?? state.startedAt;
  return heartbeat !== undefined && heartbeat.receivedAt >= since + SETTLE_MS ? heartbeat.running : undefined;
}

/** Untouched ones still run what they ran when the plan was made; those that came through run the plan's version. */
function recordedOf({ state, plan }: RolloutWatch, target: number): string | undefined {
  const phase = phaseAt(state, target);
  if (phase === 'done' || phase === 'skipped') return plan.version;
  return phase === 'pending' && state.attempts[target] === 0 ? state.targets[target]?.from : undefined;
}

/** Members of the group that are no targets, as they are now. */
function strangers(watch: RolloutWatch, facts: FleetFacts, listening: Listening): readonly SeenMember[] {
  const { plan, state } = watch;
  const own = watch.hosts();
  const found: SeenMember[] = [];
  for (const host of facts.membersOf(plan.app, plan.group)) {
    if (found.length >= MAX_LISTED) break;
    const running = own.has(host) ? undefined : facts.latest(host, plan.app, plan.group)?.running;
    if (running === undefined || state.joined.get(host) === running) continue;
    if (!isTooLong(facts.heardAt(host) ?? 0, listening)) found.push({ host, running });
  }
  return found;
}

function remember(watch: RolloutWatch, event: FleetEvent, now: number): void {
  if (event.type !== 'HostsSilent' && event.type !== 'HostsHeard') return;
  for (const [target, at] of watch.said) if (now - at >= SAY_AGAIN_MS) watch.said.delete(target);
  for (const target of event.targets) watch.said.set(target, now);
}
