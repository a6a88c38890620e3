import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import { EVENT_SCHEMAS, sha256 } from '@sluice/contracts';
import { beforeAll, describe, expect, it } from 'vitest';

import { exportedFrom } from '../export-lines.js';
import type { AuditedCommit } from '../source.js';
import { verifyLog } from '../verify.js';
import { type Change, eventsOf, firstDifference } from './histories.js';

/**
 * Histories that engines of that release wrote in the simulator, byte for byte, with the states that its code made of
 * them after each commit. They never change; a release adds a folder. fixtures/README.md says how.
 */
const FOLDER = new URL('../../fixtures/', import.meta.url);

interface History {
  readonly name: string;
  readonly commits: readonly AuditedCommit[];
  readonly changes: readonly Change[];
  /** Kinds of event in it. */
  readonly types: ReadonlySet<string>;
}

const unpacked = (name: string): Buffer => gunzipSync(readFileSync(new URL(name, FOLDER)));

async function historyOf(name: string): Promise<History> {
  const commits: AuditedCommit[] = [];
  for await (const commit of exportedFrom(unpacked(`${name}.jsonl.gz`))) commits.push(commit);
  const lines = unpacked(`${name}.states.jsonl.gz`).toString().trimEnd().split('\n');
  const types = new Set(eventsOf(commits).map(({ type }) => type));
  return { name, commits, types, changes: lines.map((line) => JSON.parse(line) as Change) };
}

const sums = readFileSync(new URL('SHA256SUMS', FOLDER), 'utf8').trimEnd().split('\n');
const names = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name: release }) => readdirSync(new URL(`${release}/`, FOLDER)).map((file) => `${release}/${file}`));

describe('golden histories', () => {
  const histories: History[] = [];
  beforeAll(async () => {
    for (const name of names)
      if (!name.endsWith('.states.jsonl.gz')) histories.push(await historyOf(name.replace('.jsonl.gz', '')));
    // Short ones first: most kinds of event are missed there already.
    histories.sort((a, b) => a.commits.length - b.commits.length);
  });

  it('are what they were', () => {
    const found = names.toSorted().map((name) => `${sha256(readFileSync(new URL(name, FOLDER)))}  ${name}`);
    expect(found.toSorted()).toEqual(sums.toSorted());
    expect(histories.length).toBeGreaterThanOrEqual(9);
  });

  it('come to the states that the release which wrote them made of them', () => {
    for (const { name, commits, changes } of histories) expect(firstDifference(commits, changes), name).toBeUndefined();
  }, 60_000);

  it('are verified, with nothing found', async () => {
    for (const { name, commits } of histories) {
      const source = (async function* () {
        await Promise.resolve();
        yield* commits;
      })();
      expect((await verifyLog(source)).findings, name).toEqual([]);
    }
  }, 60_000);

  it('show it when any kind of event is folded as if it were nothing', () => {
    const types = new Set(histories.flatMap(({ types: own }) => [...own]));
    const unnoticed = [...types].filter((type) => !histories.some((history) => notices(history, type)));
    expect(unnoticed.toSorted()).toEqual(Object.keys(OF_NO_STATE).filter((type) => types.has(type)));
  }, 60_000);

  it('hold every type of event that there is, but those that nobody folds', () => {
    const types = new Set<string>(histories.flatMap(({ types: own }) => [...own]));
    const lacking = Object.keys(EVENT_SCHEMAS).filter((type) => !types.has(type) && !(type in OF_NO_STATE));
    expect(lacking).toEqual([]);
  });
});

/** Types that change no state, with why that is so; in order. */
const OF_NO_STATE: Readonly<Record<string, string>> = {
  ApprovalRejected: 'a fact for people: the settling that it leads to is folded',
  DriftSeen: 'of the health-gate, for people: nobody decides by it',
  GateJudged: 'an input of the executor, whose GateRecorded is folded',
  HostsHeard: 'an input of the executor, whose TargetsHeard is folded',
  HostsSilent: 'an input of the executor, whose TargetsSilent is folded',
  MembersSeen: 'an input of the executor, whose MembersSynced is folded',
  NoticeDelivered: 'the ledger of the notifier: a set of what was told',
  RequestRefused: 'a request that was refused makes no rollout',
};

function notices({ commits, changes, types }: History, type: string): boolean {
  if (!types.has(type)) return false;
  try {
    return firstDifference(commits, changes, (event) => event.type === type) !== undefined;
  } catch {
    return true;
  }
}
