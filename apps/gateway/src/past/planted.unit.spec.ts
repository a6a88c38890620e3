import {
  FREEZE_STREAM,
  HOLD_STREAM,
  labelStreamId,
  rosterStreamId,
  type RosterEvent,
  shardOfId,
  type VariableEvent,
  type VariableSpec,
  variableStreamId,
} from '@sluice/contracts';
import { ArchivedEventLog, ArchiveReader, type ArchiveStore, ArchiveWriter, InMemoryEventLog } from '@sluice/event-log';
import { initialGroup } from '@sluice/group';
import { evolveFleet, evolveVariable, initialFleet, isRosterEvent, statusOf } from '@sluice/variable';
import { describe, expect, it } from 'vitest';

import { Planter } from '../fixtures.suite.js';
import type { ProblemError } from '../problems/problem.js';
import type { AtMoment } from './cut.js';
import { FleetPast } from './fleet-past.js';
import type { HostThen } from './hosts.js';
import { logOf, pastIn, pastOf, StandingClock } from './recorded.suite.js';
import { variableDetailThen } from './variable-view.js';

type Said = readonly ['roster' | 'variable', RosterEvent | VariableEvent];

const SPEC: VariableSpec = {
  name: 'docker',
  type: 'string',
  from: '1',
  to: '2',
  schedule: { kind: 'linear', durationMs: 100_000 },
  limits: {},
  salt: '',
};

/** Roster and variable in turn, as they stand in the log: a commit each, one second after the other. */
const COURSE: readonly Said[] = [
  ['roster', { type: 'HostsJoined', role: 'web', from: 0, names: ['a', 'b', 'c'] }],
  ['variable', { type: 'VariableDefined', version: 1, spec: SPEC, reason: 'a test' }],
  ['variable', { type: 'RampStarted', activeMs: 0, reason: 'go' }],
  ['variable', { type: 'ValuesAssigned', hosts: [1], side: 'to', rule: 'ramp' }],
  ['roster', { type: 'HostsJoined', role: 'db', from: 3, names: ['d'] }],
  ['variable', { type: 'HostsPinned', hosts: [0], value: '3', reason: 'odd' }],
  ['roster', { type: 'HostsLeft', hosts: [1] }],
  ['variable', { type: 'RampPaused', activeMs: 5_000, reason: 'lunch' }],
  ['roster', { type: 'HostsReturned', role: 'db', hosts: [1] }],
  ['variable', { type: 'RampResumed', activeMs: 5_000, reason: 'back' }],
];

const DOCKER = { fleet: 'default', name: 'docker' };

async function plantCourse(planter: Planter): Promise<number[]> {
  const times: number[] = [];
  for (const [stream, event] of COURSE) {
    const id = stream === 'roster' ? rosterStreamId('default') : variableStreamId('default', 'docker');
    await planter.write('variable', id, event);
    times.push(planter.at);
  }
  return times;
}

describe('variables as they were', () => {
  it('are at each position and time what both streams had said', async () => {
    const log = new InMemoryEventLog();
    const times = await plantCourse(new Planter(log));
    const { past } = await pastIn(log);
    const fleet = initialFleet();
    for (const [index, [, event]] of COURSE.entries()) {
      const time = times[index] ?? 0;
      if (isRosterEvent(event)) evolveFleet(fleet, event);
      else evolveVariable(fleet, 'docker', event, time);
      const folded = fleet.variables.get('docker');
      const asked = [`@${index + 1}`, String(time), String(time + 999)].map((at) => past.variable(DOCKER, at));
      const found = await Promise.all(asked.map((then) => then.then(variableDetailThen, () => 'none')));
      const expected = (now: number): unknown => {
        if (folded === undefined) return 'none';
        const { from, to, other, ...status } = statusOf(fleet, folded, now);
        const at = { position: index + 1, time: now };
        return { ...status, counts: { from, to, other }, at, reported: null, notInLog: ['reported'] };
      };
      expect(found).toMatchObject([expected(time), expected(time), expected(time + 999)]);
    }
    await expect(past.variable(DOCKER, '@1')).rejects.toMatchObject({
      problem: { code: 'NOT_YET', detail: expect.stringContaining('(@2)') as string },
    });
    await expect(past.variable({ ...DOCKER, name: 'none' }, '@5')).rejects.toMatchObject({
      problem: { code: 'NOT_FOUND' },
    });
  });

  it('tell which hosts changed between two moments', async () => {
    const log = new InMemoryEventLog();
    await plantCourse(new Planter(log));
    const { past } = await pastIn(log);
    const { items } = await past.variableDifference(DOCKER, { from: '@3', to: '@7', skip: 0, limit: 100 });
    const ofHosts = items.filter(({ path }) => path.startsWith('/hosts/'));
    expect(ofHosts).toEqual([
      { path: '/hosts/a/value', from: '1', to: '3' },
      { path: '/hosts/a/pinned', from: false, to: true },
      { path: '/hosts/b', from: { role: 'web', value: '1', pinned: false } },
      { path: '/hosts/d', to: { role: 'db', value: '1', pinned: false } },
    ]);
  });
});

class FilesInMemory implements ArchiveStore {
  private readonly files = new Map<string, Uint8Array>();

  async put(name: string, bytes: Uint8Array): Promise<boolean> {
    if (this.files.has(name)) return false;
    this.files.set(name, Uint8Array.from(bytes));
    return true;
  }

  async get(
    name: string,
    range?: { readonly offset: number; readonly length: number },
  ): Promise<Uint8Array | undefined> {
    const bytes = this.files.get(name);
    return range === undefined ? bytes : bytes?.subarray(range.offset, range.offset + range.length);
  }

  async list(folder: string): Promise<readonly string[]> {
    const prefix = `${folder}/`;
    return [...this.files.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  }
}

describe('what left the log', () => {
  it('is read from the archive, the same as before', async () => {
    const log = new InMemoryEventLog();
    const planter = new Planter(log);
    const id = await planter.plan('web', 'archived');
    await planter.brake(id);
    await planter.cancel(id);
    await planter.plan('web', 'later');
    const { past: before } = await pastIn(log);
    const moments = ['@1', '@2', '@3', String(planter.at - 3_000), '@5'];
    const tell = async (past: typeof before, at: string): Promise<string> => JSON.stringify(await past.rollout(id, at));
    const told = [];
    for (const at of moments) told.push(await tell(before, at));

    const store = new FilesInMemory();
    const writer = new ArchiveWriter(store);
    await writer.open();
    const shard = shardOfId(id) ?? '00';
    const commits = [];
    for await (const commit of log.raw({ shard, id })) commits.push(commit);
    const entry = { app: 'hello', group: 'web', state: 'cancelled', plannedAt: 0, position: 1, summary: { id } };
    await writer.write([{ kind: 'rollout', id, commits, entry }], planter.at);
    for (const each of ['plan', 'exec'] as const) await log.purge({ shard, writer: each, id }, Infinity);

    const { past: without } = await pastIn(log);
    await expect(without.rollout(id, '@3')).rejects.toMatchObject({ problem: { code: 'NOT_FOUND' } });
    const { past } = await pastIn(new ArchivedEventLog(log, new ArchiveReader(store)));
    for (const [index, at] of moments.entries()) {
      // The time of a place that nothing stands at any more is that of the last commit before it.
      expect(await tell(past, at), at).toBe(told[index]);
    }
  });
});

describe('the fleet as it was', () => {
  it('has freezes and dependencies as they held then, and only groups that may be read', async () => {
    const log = new InMemoryEventLog();
    const planter = new Planter(log);
    const id = await planter.plan('web', 'one');
    await planter.group('web', { type: 'LeaseGranted', rolloutId: id, token: 1 });
    await planter.group('other', { type: 'HostExcluded', host: 'x', reason: 'disk' });
    const declared = planter.at + 1_000;
    const scope = { kind: 'group', name: 'web' } as const;
    await planter.write('freeze', FREEZE_STREAM.id, {
      ...{ type: 'FreezeDeclared', freeze: 'f-1', scope, reason: 'holidays' },
      ...{ from: declared, until: declared + 60_000 },
    });
    await planter.write('hold', HOLD_STREAM.id, {
      ...{ type: 'HoldPlaced', hold: 'case-7', scope: { kind: 'rollout', name: id }, reason: 'a lawsuit' },
    });
    const label = { type: 'RolloutLabelled', rollout: id, label: 'bad', reason: 'it leaked' } as const;
    await planter.write('label', labelStreamId(id), label);
    const { past } = await pastIn(log);
    expect((await past.rollout(id, '@5')).label).toBeUndefined();
    expect((await past.rollout(id, '@6')).label).toMatchObject({ label: 'bad', reason: 'it leaked' });
    const of = await past.rolloutDifference(id, { from: '@5', to: '@6', skip: 0, limit: 9 });
    expect(of.items).toMatchObject([{ path: '/label', to: { label: 'bad' } }]);
    const query = { limit: 10, sees: (group: string) => group === 'web' };
    const frozen = await past.fleet(query, String(declared + 59_999));
    expect(frozen).toMatchObject({
      at: { position: 5, time: declared + 59_999 },
      groups: [
        {
          ...{ name: 'web', app: 'hello', members: 3, succeeded: null, waiting: null },
          versions: [{ version: '', members: 3, hosts: ['web-01', 'web-02', 'web-03'] }],
          active: { id, version: '2.0.0', state: 'planned', done: 0, targets: 3 },
        },
      ],
      freezes: [{ id: 'f-1', holds: true }],
      next: undefined,
    });
    expect((await past.fleet(query, '@4')).holds).toEqual([]);
    expect((await past.fleet(query, '@5')).holds).toMatchObject([{ name: 'case-7' }]);
    expect((await past.fleet(query, String(declared + 60_000))).freezes).toEqual([]);
    expect((await past.fleet(query, String(declared - 1))).freezes).toEqual([]);
    expect((await past.fleet({ ...query, sees: () => true, limit: 1 }, '@3')).next).toBe('other');
    expect((await past.fleet({ ...query, after: 'web' }, '@3')).groups).toEqual([]);
    expect((await past.fleet(query, '@1')).groups).toEqual([]);
  });
});

describe('change records', () => {
  it('are made one at a time; more than a few that wait are sent away, and others have their turn', async () => {
    const log = new InMemoryEventLog();
    const planter = new Planter(log);
    const id = await planter.plan('web', 'recorded', 400);
    const targets = Array.from({ length: 400 }, (_, index) => index);
    await planter.write('exec', id, { type: 'RolloutStarted', token: 1 }, { type: 'StageEntered', stage: 0 });
    await planter.write('exec', id, { type: 'TargetsAdmitted', run: 'roll', targets, deadline: planter.at + 60_000 });
    for (const step of ['drain', 'download', 'install'] as const)
      await planter.write(
        'exec',
        id,
        ...targets.map((target) => ({ type: 'StepSucceeded', target, step, n: 1, ms: 1 }) as const),
      );
    let [reading, most] = [0, 0];
    const { past, clock } = await pastOf([], {
      ...logOf([]),
      async *read(stream) {
        most = Math.max(most, (reading += 1));
        try {
          yield* log.read(stream);
        } finally {
          reading -= 1;
        }
      },
    });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => past.record(id)));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map(({ reason }) => (reason as ProblemError).problem)).toMatchObject(
      Array.from({ length: 4 }, () => ({ code: 'TOO_BUSY', status: 503 })),
    );
    // Its streams are read side by side: plan, course, gates, notices, labels.
    expect(most).toBeLessThanOrEqual(5);
    expect(clock.breaths).toBe(16);
    await expect(past.record(`${id.slice(0, -6)}ZZZZZZ`)).rejects.toMatchObject({ problem: { code: 'NOT_FOUND' } });
  });
});

describe('a page of the fleet', () => {
  it('keeps nothing of a group but its few lines, and of all of them the latest moment', async () => {
    const name = (index: number): string => `g${index}`;
    const hosts = Array.from({ length: 30 }, (_, index) => ({ host: `h${index}`, running: '1.0.0' }) as HostThen);
    const at = (of: string): AtMoment => ({ position: of === name(2) ? 9 : 4, time: of === name(1) ? 7 : 5 });
    const groups = {
      leaseAt: (of: string) => Promise.resolve({ rev: 1, state: initialGroup(), at: at(of), beyond: undefined }),
      whole: (of: string) =>
        Promise.resolve({
          ...{ name: of, rev: 1, state: initialGroup(), at: at(of), app: 'a', environment: null },
          ...{ hosts, active: undefined },
        }),
    };
    const parts = { log: new InMemoryEventLog(), clock: new StandingClock(0) };
    const fleet = new FleetPast(parts, groups, { names: () => [0, 1, 2].map(name) }, { list: () => [] });
    const page = await fleet.page({ kind: 'now', time: 9 }, { limit: 500, sees: () => true });
    expect(page.items.map((group) => [group.name, group.members])).toEqual([0, 1, 2].map((of) => [name(of), 30]));
    expect(JSON.stringify(page)).not.toContain('h11');
    expect(page.at).toEqual({ position: 9, time: 7 });
  });
});

describe('a long history', () => {
  it('lets others have their turn while it is folded, and may be long, not endless', async () => {
    const log = new InMemoryEventLog();
    const planter = new Planter(log);
    const id = await planter.plan('web', 'long', 400);
    const targets = Array.from({ length: 400 }, (_, index) => index);
    await planter.write('exec', id, { type: 'RolloutStarted', token: 1 }, { type: 'StageEntered', stage: 0 });
    await planter.write('exec', id, { type: 'TargetsAdmitted', run: 'roll', targets, deadline: planter.at + 60_000 });
    for (const step of ['drain', 'download', 'install', 'verify', 'enable'] as const)
      await planter.write(
        'exec',
        id,
        ...targets.map((target) => ({ type: 'StepSucceeded', target, step, n: 1, ms: 1 }) as const),
      );
    const { past, clock } = await pastIn(log);
    await past.rollout(id, '@7');
    expect(clock.breaths).toBe(1);
    await past.rollout(id, '@8');
    expect(clock.breaths).toBe(2);
    // Asked again, it is kept.
    await past.rollout(id, '@8');
    expect(clock.breaths).toBe(2);
    const difference = await past.rolloutDifference(id, { from: '@3', to: '@8', skip: 0, limit: 10 });
    expect(difference.items.length).toBe(10);
    expect(difference.counts.changed).toBeGreaterThan(400);
  });
});
