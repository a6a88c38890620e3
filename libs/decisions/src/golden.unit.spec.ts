import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import {
  type BrakeCause,
  decodeCommit,
  type Decision,
  type DomainEvent,
  encodeCommit,
  type TracedCommit,
  type Writer,
} from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { RolloutDecisions } from './rollout-decisions.js';
import { type AgainTally, Tally } from './tally.js';

const FOLDER = new URL('../../audit/fixtures/0.1.0/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.jsonl.gz') && !file.includes('.states.'));

/** The log that a release wrote. */
function historyIn(file: string): readonly TracedCommit[] {
  const lines = gunzipSync(readFileSync(new URL(file, FOLDER)))
    .toString()
    .trimEnd()
    .split('\n');
  return lines.map((line, i) => {
    const bytes = Buffer.from(line.slice(line.indexOf('"commit":') + 9, -1));
    const { stream, rev, at, events, meta, id, prev } = decodeCommit(bytes);
    const [writer, name] = stream.split('.') as [Writer, string];
    const pairs = events.map((event, k) => ({ event, meta: meta[k] ?? { by: NOBODY, cause: '', corr: '' } }));
    const again = encodeCommit({ id, stream: { shard: '00', writer, id: name }, rev, at, prev, events: pairs });
    if (!bytes.equals(again)) throw new Error(`commit ${i + 1} of ${file} has other bytes when it is written anew`);
    return { writer, stream: name, rev, position: i + 1, at, events, meta };
  });
}

const NOBODY = { id: 'unknown', kind: 'service' } as const;

interface Folded {
  readonly decisions: readonly Decision[];
  readonly tally: AgainTally;
  readonly differs: readonly string[];
}

function folded(history: readonly TracedCommit[], id: string): Folded {
  const rollout = new RolloutDecisions({ id, again: true });
  const tally = new Tally();
  const decisions: Decision[] = [];
  const differs: string[] = [];
  for (const commit of history) {
    const step = rollout.add(commit);
    tally.add(step.again);
    decisions.push(...step.decisions);
    for (const { verdict, words, index } of step.again)
      if (verdict === 'differs') differs.push(`${commit.writer}:${commit.rev}.${index}: ${words}`);
  }
  return { decisions, tally: tally.result, differs };
}

const rolloutsOf = (history: readonly TracedCommit[]): readonly string[] => [
  ...new Set(history.flatMap(({ events, stream }) => (events.some(isPlan) ? [stream] : []))),
];

const isPlan = ({ type }: DomainEvent): boolean => type === 'RolloutPlanned';

/** Facts, and what is only told in other words. */
const UNEXPLAINED: ReadonlySet<string> = new Set([
  'StepSucceeded',
  'SideSeen',
  'PlanTargetsAdded',
  'GroupCheckpointed',
]);

/** Of a file, each rollout that it planned. */
const foldedIn = (history: readonly TracedCommit[]): readonly (readonly [string, Folded])[] =>
  rolloutsOf(history).map((id) => [id, folded(history, id)]);

describe('golden histories', () => {
  const all: Folded[] = [];

  it.each(FILES)('%s: every decision is explained, and decided again to the same bytes', (file) => {
    const history = historyIn(file);
    for (const [id, { decisions, tally, differs }] of foldedIn(history)) {
      all.push({ decisions, tally, differs });
      expect(differs).toEqual([]);
      expect(decisions.filter(({ doubt }) => doubt !== undefined)).toEqual([]);
      expect(Object.keys(tally.reasons)).toEqual([expect.stringMatching(/^a plan: /)]);
      const own = history.filter(({ stream, writer }) => stream === id && writer !== 'gate' && writer !== 'notice');
      const types = own
        .flatMap(({ events }) => events.map(({ type }) => type))
        .filter((type) => !UNEXPLAINED.has(type));
      const told = decisions.filter(
        ({ writer, type }) => (writer === 'plan' || writer === 'exec') && !UNEXPLAINED.has(type),
      );
      expect(told.map(({ type }) => type)).toEqual(types);
    }
  });

  it('all of them together: more than a thousand decisions, none of which differs', () => {
    const sum = (of: (each: Folded) => number): number => all.reduce((total, each) => total + of(each), 0);
    expect(sum(({ tally }) => tally.same)).toBeGreaterThan(1_000);
    expect(sum(({ tally }) => tally.differs)).toBe(0);
    expect(sum(({ tally }) => tally.undecidable)).toBe(all.length);
    const kinds = new Set(all.flatMap(({ decisions }) => decisions.map(({ kind }) => kind)));
    const wanted = ['plan', 'lease', 'stage', 'admission', 'skip', 'failure', 'member', 'gate', 'approval', 'hold'];
    expect([...kinds]).toEqual(expect.arrayContaining([...wanted, 'brake', 'release', 'steering', 'rollback', 'end']));
  });
});

/** What nobody may take out of a history without its being missed. */
const DECIDED: ReadonlySet<DomainEvent['type']> = new Set<DomainEvent['type']>([
  ...(['RolloutBraked', 'BrakeReleased', 'ApprovalRequested', 'ApprovalGranted', 'TargetsAdmitted'] as const),
  ...(['StageEntered', 'StageSettled', 'GatesRequested', 'StagePassed', 'WaitStarted'] as const),
  ...(['RolloutSettling', 'RolloutCancelled', 'RolloutSucceeded', 'RolloutFailed', 'RollbackRequested'] as const),
]);

describe('a history that somebody has changed', () => {
  const history = historyIn('chaos-35.jsonl.gz');

  it('misses whatever was cut out of it', () => {
    const unnoticed = rolloutsOf(history)
      .slice(-2)
      .flatMap((id) =>
        places(history, id).flatMap(([c, e]) => {
          const cut = history.map((commit, i) => (i === c ? withoutEvent(commit, e) : commit));
          return isNoticed(cut, id) ? [] : [`${id} ${history[c]?.rev}.${e} ${history[c]?.events[e]?.type}`];
        }),
      );
    expect(unnoticed).toEqual([]);
  });

  it('differs where a number of a brake, a target of an admission or the words of a verdict are others', () => {
    const unnoticed = rolloutsOf(history).flatMap((id) =>
      places(history, id).flatMap(([c, e]) => {
        const event = history[c]?.events[e];
        const forged = event === undefined ? undefined : forgedOf(event);
        if (forged === undefined) return [];
        const changed = history.map((commit, i) => (i === c ? withEvent(commit, e, forged) : commit));
        return isNoticed(changed, id) ? [] : [`${id} ${history[c]?.rev}.${e} ${event?.type}`];
      }),
    );
    expect(unnoticed).toEqual([]);
  });

  it('knows a start without a lease, and one with another way back', () => {
    const [id = ''] = rolloutsOf(history);
    const start = history.findIndex(({ stream, events }) => stream === id && events[0]?.type === 'RolloutStarted');
    const back = { rolloutId: id, version: '0.0.1' };
    const other = history.map((commit, i) =>
      i === start ? withEvent(commit, 0, { type: 'RolloutStarted', token: 9, rollbackTo: back }) : commit,
    );
    expect(folded(other, id).differs[0]).toContain('decided again it is {"type":"RolloutStarted","data":{"token":1}}');
    const none = history.map((commit) => ({
      ...commit,
      events: commit.events.map((event) =>
        event.type === 'LeaseGranted' && event.rolloutId === id ? { ...event, rolloutId: 'another' } : event,
      ),
    }));
    expect(folded(none, id).differs.join()).toContain('its group gave it no lease');
  });
});

/** A verdict that lets nothing through and stops nothing is a fact like a result: it may come late, or never. */
const isDecided = (event: DomainEvent): boolean =>
  DECIDED.has(event.type) || (event.type === 'GateRecorded' && event.verdict === 'pass');

/** Places of decisions: [commit, event]. */
const places = (history: readonly TracedCommit[], id: string): readonly (readonly [number, number])[] =>
  history.flatMap(({ stream, writer, events }, c) =>
    stream !== id || writer !== 'exec'
      ? []
      : events.flatMap((event, e): [number, number][] => (isDecided(event) ? [[c, e]] : [])),
  );

/** Something differs, is doubted, or cannot even be folded. */
function isNoticed(history: readonly TracedCommit[], id: string): boolean {
  try {
    const { differs, decisions } = folded(history, id);
    return differs.length > 0 || decisions.some(({ doubt }) => doubt !== undefined);
  } catch {
    return true;
  }
}

function withoutEvent(commit: TracedCommit, index: number): TracedCommit {
  const kept = (_: unknown, i: number): boolean => i !== index;
  return { ...commit, events: commit.events.filter(kept), meta: commit.meta.filter(kept) };
}

const withEvent = (commit: TracedCommit, index: number, event: DomainEvent): TracedCommit => ({
  ...commit,
  events: commit.events.map((each, i) => (i === index ? event : each)),
});

function forgedOf(event: DomainEvent): DomainEvent | undefined {
  switch (event.type) {
    case 'RolloutBraked':
      return { ...event, cause: forgedCause(event.cause) };
    case 'TargetsAdmitted':
      return { ...event, targets: event.targets.map((target) => target + 1) };
    case 'GateRecorded':
      return { ...event, words: `${event.words}!` };
    case 'RolloutSucceeded':
      return { ...event, counts: { ...event.counts, done: event.counts.done + 1 } };
    case 'ApprovalGranted':
      return { ...event, planHash: 'f'.repeat(64) };
    default:
      return undefined;
  }
}

const forgedCause = (cause: BrakeCause): BrakeCause => ({
  ...cause,
  numbers: Object.fromEntries(Object.entries(cause.numbers).map(([name, value]) => [name, value + 1])),
});
