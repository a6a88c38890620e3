import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  type DomainEvent,
  encodeCommit,
  type EventMeta,
  sha256,
  type StreamName,
  decodeCommit,
} from '@sluice/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { deedsOf } from './journals.js';
import { brokenChains, type Recorded } from './recorded-log.js';

const STREAM: StreamName = { shard: '07', writer: 'exec', id: 'r07-one' };
const META: EventMeta = { by: { id: 'executor', kind: 'service' }, cause: 'c', corr: 'r' };
const done = (step: 'drain' | 'install'): DomainEvent => ({ type: 'StepSucceeded', target: 0, step, n: 1, ms: 1 });

const PAUSED: DomainEvent = { type: 'RolloutPaused' };

interface Link {
  readonly rev: number;
  readonly prev?: string;
  readonly id?: string;
  readonly event?: DomainEvent;
}

/** A log of one stream, each commit behind the one before unless it says otherwise. */
function logOf(links: readonly Link[]): Recorded[] {
  const log: Recorded[] = [];
  for (const [i, { rev, prev = log.at(-1)?.hash ?? '', id = `c${i}`, event = PAUSED }] of links.entries()) {
    const bytes = encodeCommit({ id, stream: STREAM, rev, at: 1 + i, prev, events: [{ event, meta: META }] });
    log.push({ stream: STREAM, position: i + 1, commit: decodeCommit(bytes), hash: sha256(bytes) });
  }
  return log;
}

describe('the chains of the log', () => {
  it('are whole', () => expect(brokenChains(logOf([{ rev: 1 }, { rev: 2 }, { rev: 3 }]))).toEqual([]));

  it.each([
    ['a rev is left out', [{ rev: 1 }, { rev: 3 }], /rev 3 after 1/],
    ['a prev is another', [{ rev: 1 }, { rev: 2, prev: 'ab'.repeat(32) }], /not the hash/],
    [
      'a commit stands there twice',
      [
        { rev: 1, id: 'x' },
        { rev: 2, id: 'x' },
      ],
      /x once more/,
    ],
  ] as const)('are not when %s', (_, links, words) => {
    expect(brokenChains(logOf(links))).toEqual([expect.stringMatching(words)]);
  });
});

describe('the journals', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-journals-'));
    mkdirSync(join(folder, 'hosts/h1/apps/farm'), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = { rollout: 'r07-one', kind: 'roll', n: 1 };
  const accepted = (attempt: string) => ({ t: 'accepted', run: { ...run, attempt } });
  const begins = (attempt: string, step: string) => ({ t: 'began', attempt, step });
  const ends = (attempt: string, step: string) => ({ t: 'done', attempt, report: { step } });
  const SOUND = [accepted('a'), begins('a', 'drain'), ends('a', 'drain'), begins('a', 'install'), ends('a', 'install')];
  const PLANNED = logOf([{ rev: 1, event: { type: 'PlanTargetsAdded', from: 0, targets: [{ host: 'h1' }] } }]);

  interface Past {
    readonly lines: readonly object[];
    readonly scripts?: readonly string[];
    readonly kills?: number;
    readonly log?: readonly Recorded[];
  }

  function faultsOf({ lines, scripts = [], kills = 0, log = [] }: Past): readonly string[] {
    const text = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
    writeFileSync(join(folder, 'hosts/h1/journal.jsonl'), text(lines.map((line) => JSON.stringify(line))));
    writeFileSync(join(folder, 'hosts/h1/apps/farm/effects'), text(scripts));
    const of = (kind: string) => (kind === 'farm' ? [{ name: 'farm', hosts: ['h1'] }] : []);
    const site = { path: (...names: readonly string[]) => join(folder, ...names) };
    return deedsOf({ kills: new Map(kills === 0 ? [] : [['farm', kills]]), of, site }, [...PLANNED, ...log]).faults;
  }

  it('tell of a sound past, and of a kill in a step', () => {
    expect(faultsOf({ lines: SOUND, scripts: ['a drain', 'a install'] })).toEqual([]);
    const again = [accepted('a'), begins('a', 'drain'), begins('a', 'drain'), ends('a', 'drain')];
    expect(faultsOf({ lines: again, scripts: ['a drain', 'a drain'], kills: 1 })).toEqual([]);
  });

  it.each<readonly [string, Past, RegExp]>([
    ['a step was done twice', { lines: [...SOUND, ends('a', 'drain')] }, /drain was done twice/],
    ['a target was begun twice', { lines: [...SOUND, accepted('b')] }, /was begun twice/],
    ['a step was begun again without a kill', { lines: [...SOUND, begins('a', 'drain')] }, /begun/],
    ['a script ran once more', { lines: SOUND, scripts: ['a drain', 'a drain'] }, /was done 2 times/],
    [
      'the log invents a step',
      { lines: SOUND.slice(0, 3), log: logOf([{ rev: 1, event: done('install') }]) },
      /the host did not do it/,
    ],
    [
      'the log says it twice',
      {
        lines: SOUND,
        log: logOf([
          { rev: 1, event: done('drain') },
          { rev: 2, event: done('drain') },
        ]),
      },
      /succeeded twice/,
    ],
  ])('are found out when %s', (_, past, words) => {
    expect(faultsOf(past)).toEqual(expect.arrayContaining([expect.stringMatching(words)]));
  });
});
