import { decodeCommit, type DomainEvent } from '@sluice/contracts';

import type { AuditedCommit } from '../source.js';
import { States } from './states.js';

/** What a commit changed in the state of its stream: its top-level fields, as JSON has them. */
export interface Change {
  readonly position: number;
  readonly set: Readonly<Record<string, unknown>>;
}

/** Copies of what the events say, and counts of the other fields. */
const LEFT_OUT: ReadonlySet<string> = new Set(['plan', 'targets', 'phaseCounts']);

type Skip = (event: DomainEvent) => boolean;

/** Folds a history through today's code, commit by commit, and tells the state behind each. */
export function* replayed(
  commits: readonly AuditedCommit[],
  skips: Skip = () => false,
): Generator<{ readonly position: number; readonly id: string; readonly state: Readonly<Record<string, unknown>> }> {
  const states = new States();
  for (const { position, bytes } of commits) {
    const { stream, events, at } = decodeCommit(bytes);
    const [writer = '', id = ''] = stream.split('.');
    const folded = events.filter((event) => !skips(event));
    const state = states.after(writer, { id, events: folded, at });
    if (state !== undefined) yield { position, id, state: viewOf(state) };
  }
}

/** The changes that make up the states of a history: what is recorded with a release. */
export function* changesOf(commits: readonly AuditedCommit[]): Generator<Change> {
  const before = new Map<string, Readonly<Record<string, unknown>>>();
  for (const { position, id, state } of replayed(commits)) {
    const old = before.get(id) ?? {};
    const set = Object.entries(state).filter(([key, value]) => JSON.stringify(old[key]) !== JSON.stringify(value));
    before.set(id, state);
    yield { position, set: Object.fromEntries(set) };
  }
}

/** The first place at which today's states are not those that were recorded; undefined when there is none. */
export function firstDifference(
  commits: readonly AuditedCommit[],
  changes: readonly Change[],
  skips?: Skip,
): string | undefined {
  const recorded = new Map<string, Record<string, unknown>>();
  let next = 0;
  for (const { position, id, state } of replayed(commits, skips)) {
    const change = changes[next];
    next += 1;
    if (change?.position !== position) return `position ${position} has no recorded state`;
    const expected = Object.assign(recorded.get(id) ?? {}, change.set);
    recorded.set(id, expected);
    const key = Object.keys(expected).find((name) => !holds(state[name], expected[name]));
    if (key !== undefined)
      return `position ${position}, ${id}: ${key} was ${JSON.stringify(expected[key])}, it is ${JSON.stringify(state[key])}`;
  }
  return next === changes.length ? undefined : `${changes.length - next} states are missing`;
}

/** What a later version adds to a state is no difference; what it lacks or has otherwise is one. */
function holds(actual: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null || typeof actual !== 'object' || actual === null)
    return (actual ?? null) === (expected ?? null);
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length !== actual.length) return false;
  return Object.entries(expected).every(([key, value]) => holds((actual as Record<string, unknown>)[key], value));
}

function viewOf(state: object): Readonly<Record<string, unknown>> {
  const kept = Object.entries(state).filter(([key]) => !LEFT_OUT.has(key));
  return JSON.parse(JSON.stringify(Object.fromEntries(kept), plain)) as Record<string, unknown>;
}

/** What is undefined is null, so that a change to it can be recorded. */
function plain(_: string, value: unknown): unknown {
  if (value === undefined) return null;
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value];
  return ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value;
}

export const eventsOf = (commits: readonly AuditedCommit[]): readonly DomainEvent[] =>
  commits.flatMap(({ bytes }) => decodeCommit(bytes).events);
