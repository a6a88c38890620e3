import { MAX_EXAMPLES, type ReadyExample } from './inputs.js';
import type { ReadyPolicy } from './policy.js';

/** What one heartbeat says of one app on one host. `receivedAt` is the judge's own clock: agents' clocks may be wrong. */
export interface Heartbeat {
  readonly receivedAt: number;
  /** The version whose process runs; null when none does. */
  readonly running: string | null;
  readonly serving: boolean;
  /** When the same version was heard of with another process, the newest few; absent when it never was. */
  readonly restartedAt?: readonly number[];
}

/** What is known of one target since it was done. */
export interface Reading {
  readonly last: Heartbeat;
  /** Contradicting heartbeats in a row, the last one included; 0 when the last one agrees. */
  readonly contradictions: number;
}

/** What is wrong with a host that should serve `version`; undefined when nothing is. */
export function contradiction(heartbeat: Heartbeat, version: string): string | undefined {
  if (heartbeat.running === null) return 'runs nothing';
  if (heartbeat.running !== version) return `runs ${heartbeat.running}`;
  return heartbeat.serving ? undefined : `runs ${version} but does not serve`;
}

/** The reading after one more heartbeat. One that was received before the target was done says nothing of it. */
export function read(
  before: Reading | undefined,
  heartbeat: Heartbeat,
  wanted: { readonly version: string; readonly doneAt: number },
): Reading | undefined {
  if (heartbeat.receivedAt < wanted.doneAt || heartbeat === before?.last) return before;
  const agrees = contradiction(heartbeat, wanted.version) === undefined;
  return { last: heartbeat, contradictions: agrees ? 0 : (before?.contradictions ?? 0) + 1 };
}

/** A target that came through, as the gate sees it. */
export interface ReadyTarget {
  readonly host: string;
  readonly reading: Reading | undefined;
}

export interface ReadyTally {
  readonly desired: number;
  readonly ready: number;
  readonly notReady: number;
  readonly doubtful: number;
  readonly silent: number;
  readonly examples: readonly ReadyExample[];
}

type Standing = 'ready' | 'notReady' | 'doubtful' | 'silent';

/** Worst first: what fails the gate is named before what only holds it. */
const NAMED = ['notReady', 'doubtful', 'silent'] as const satisfies readonly Standing[];

/** Counts the targets by what their heartbeats say at `now`, and names the first few that are not ready. */
export function tally(
  targets: Iterable<ReadyTarget>,
  wanted: { readonly version: string; readonly policy: ReadyPolicy; readonly now: number },
): ReadyTally {
  const counts: Record<Standing, number> = { ready: 0, notReady: 0, doubtful: 0, silent: 0 };
  const examples: Record<Standing, ReadyExample[]> = { ready: [], notReady: [], doubtful: [], silent: [] };
  let desired = 0;
  for (const { host, reading } of targets) {
    const standing = standingOf(reading, wanted);
    desired += 1;
    counts[standing] += 1;
    if (standing !== 'ready' && examples[standing].length < MAX_EXAMPLES)
      examples[standing].push(exampleOf(host, reading, wanted));
  }
  const named = NAMED.flatMap((standing) => examples[standing]).slice(0, MAX_EXAMPLES);
  return { desired, ...counts, examples: named };
}

function standingOf(
  reading: Reading | undefined,
  { policy, now }: { readonly policy: ReadyPolicy; readonly now: number },
): Standing {
  if (reading === undefined) return 'silent';
  // A host that was seen wrong often enough stays wrong in silence: it must not heal by dying.
  if (reading.contradictions >= policy.heartbeats) return 'notReady';
  if (now - reading.last.receivedAt > policy.freshMs) return 'silent';
  return reading.contradictions > 0 ? 'doubtful' : 'ready';
}

function exampleOf(
  host: string,
  reading: Reading | undefined,
  { version, policy, now }: { readonly version: string; readonly policy: ReadyPolicy; readonly now: number },
): ReadyExample {
  const says = reading === undefined ? undefined : contradiction(reading.last, version);
  if (reading === undefined || says === undefined)
    return { host, says: reading === undefined ? 'is not heard of' : 'fell silent', heartbeats: 0 };
  const silent = reading.contradictions < policy.heartbeats && now - reading.last.receivedAt > policy.freshMs;
  return { host, says: silent ? 'fell silent' : says, heartbeats: silent ? 0 : reading.contradictions };
}
