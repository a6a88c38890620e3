import { isRolloutId, type RecordedCommit } from '@sluice/contracts';
import { evolveGroup, type GroupState, initialGroup } from '@sluice/group';
import { evolveRollout, initialRollout, targetsOf } from '@sluice/rollout';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ProblemError } from '../problems/problem.js';
import { rolloutDetail } from '../read-model/rollout-views.js';
import { comparableGroup, comparableRollout } from './comparable.js';
import { type Change, type Comparable, differences } from './diff.js';
import type { GroupThen } from './groups-past.js';
import { logOf, pastOf, recordedHistory } from './recorded.suite.js';
import type { RolloutThen } from './rollouts-past.js';

const HISTORIES = ['C4-1', 'C8-1', 'C12-7'];

/** The whole of a rollout as text: nothing that is folded later can be in it. */
const toldOf = ({ state, rev }: Pick<RolloutThen, 'state' | 'rev'>): string =>
  JSON.stringify([rolloutDetail({ state, rev }), targetsOf(state)]);

/** What something was behind one of its commits; `told` is undefined before there was a sealed plan. */
interface Known {
  readonly position: number;
  readonly at: number;
  readonly told: string | undefined;
}

/** Each rollout behind each of its commits: folded commit by commit, in the order of the log, without the code under test. */
function rolloutsOf(commits: readonly RecordedCommit[]): ReadonlyMap<string, readonly Known[]> {
  const known = new Map<string, Known[]>();
  const folding = new Map<string, { state: RolloutThen['state']; rev: number }>();
  for (const { stream, events, head } of commits.filter(isOfARollout)) {
    const of = folding.get(stream.id) ?? { state: initialRollout(), rev: 0 };
    folding.set(stream.id, of);
    for (const event of events) of.state = evolveRollout(of.state, event as never, head.at);
    if (stream.writer === 'exec') of.rev = head.rev;
    const told = of.state.plan === undefined ? undefined : toldOf(of);
    known.set(stream.id, [...(known.get(stream.id) ?? []), { position: head.position, at: head.at, told }]);
  }
  return known;
}

const isOfARollout = ({ stream, events }: RecordedCommit): boolean =>
  isRolloutId(stream.id) &&
  (stream.writer === 'plan' || stream.writer === 'exec') &&
  events.every(({ type }) => type !== 'RequestRefused');

/** The code of a refusal, or what was found. */
const codeOr = async <T>(asked: Promise<T>): Promise<T | string> =>
  asked.catch((error: unknown) => (error instanceof ProblemError ? error.problem.code : String(error)));

/** A rollout in text and the moment that it is told of; or the code of the refusal. */
async function outcomeOf(asked: Promise<RolloutThen>): Promise<unknown> {
  const then = await codeOr(asked);
  return typeof then === 'string' ? then : [toldOf(then), then.at.position, then.at.time];
}

const expectedOf = (state: Known | undefined, time: number): unknown =>
  state?.told === undefined ? 'NOT_YET' : [state.told, state.position, time];

const groupsOf = (commits: readonly RecordedCommit[]): ReadonlySet<string> =>
  new Set(commits.flatMap(({ events }) => events.flatMap((e) => (e.type === 'RolloutPlanned' ? [e.plan.group] : []))));

describe('rollouts as they were', () => {
  it.each(HISTORIES)('are at each position what the commits up to it make of them: %s', async (name) => {
    const commits = recordedHistory(name);
    const { past } = await pastOf(commits);
    for (const [id, known] of rolloutsOf(commits))
      for (const { head } of commits) {
        const state = known.findLast(({ position }) => position <= head.position);
        expect(await outcomeOf(past.rollout(id, `@${head.position}`))).toEqual(expectedOf(state, head.at));
      }
  });

  it.each(HISTORIES)('are at each time what the last commit of that time or before left them: %s', async (name) => {
    const commits = recordedHistory(name);
    const { past } = await pastOf(commits);
    for (const [id, known] of rolloutsOf(commits))
      for (const time of new Set(known.flatMap(({ at }) => [at - 1, at, at + 1]))) {
        const state = known.findLast(({ at }) => at <= time);
        expect(await outcomeOf(past.rollout(id, String(time)))).toEqual(expectedOf(state, time));
      }
  });

  it('a place is in the past when a commit behind it has an earlier time: clocks of services differ', async () => {
    const [plan, ...others] = recordedHistory('C4-1') as [RecordedCommit, ...RecordedCommit[]];
    const ahead = { ...plan, head: { ...plan.head, at: plan.head.at + 3_600_000 } };
    const { past } = await pastOf([ahead, ...others]);
    const exec = others.filter(({ stream }) => stream.writer === 'exec');
    const [first, second] = exec;
    const then = await past.rollout(plan.stream.id, String(first?.head.at ?? 0));
    expect(then.at.position).toBeGreaterThanOrEqual(first?.head.position ?? 0);
    expect(then.rev).toBeLessThanOrEqual(exec.length);
    await expect(past.rollout(plan.stream.id, String((first?.head.at ?? 0) - 1))).rejects.toMatchObject({
      problem: { code: 'NOT_YET' },
    });
    expect(second).toBeDefined();
  });

  it('what has not happened yet is now; what nobody planned is not found; what is no moment says so', async () => {
    const commits = recordedHistory('C8-1');
    const { past, clock } = await pastOf(commits);
    const [[id, known] = ['', []]] = rolloutsOf(commits);
    const last = known.at(-1);
    for (const at of ['@999999', '2099-01-01T00:00:00Z', '0s', undefined]) {
      const then = await past.rollout(id, at);
      expect([toldOf(then), then.at]).toEqual([last?.told, { position: last?.position, time: clock.now() }]);
    }
    await expect(past.rollout('r07-0123456789ABCDEFGHJKMNPQRS', '@5')).rejects.toMatchObject({
      problem: { code: 'NOT_FOUND' },
    });
    await expect(past.rollout(id, '@0')).rejects.toMatchObject({
      problem: {
        code: 'NOT_YET',
        detail: expect.stringMatching(/^there was no rollout r.* at @0: it begins at 20.*Z \(@\d+\)/) as string,
      },
    });
    await expect(past.rollout(id, 'yesterday')).rejects.toMatchObject({ code: 'BAD_MOMENT' });
  });
});

describe('groups as they were', () => {
  it.each(HISTORIES)('are at each position what their stream had said: %s', async (name) => {
    const commits = recordedHistory(name);
    const { past } = await pastOf(commits);
    for (const group of groupsOf(commits)) {
      let state: GroupState = initialGroup();
      let rev = 0;
      for (const { stream, events, head } of commits) {
        if (stream.writer === 'group' && stream.id.endsWith(`-${group}`)) {
          state = (events as readonly never[]).reduce(evolveGroup, state);
          rev = head.rev;
        }
        const then = await codeOr(past.group(group, `@${head.position}`));
        const told = typeof then === 'string' ? then : [then.rev, then.state, then.active?.state.plan?.rolloutId];
        expect(told).toEqual(rev === 0 ? 'NOT_YET' : [rev, state, state.active]);
      }
    }
  });

  it('what was before a checkpoint that the log begins with is in the archive only', async () => {
    const commits = recordedHistory('C12-7');
    const [name = ''] = groupsOf(commits);
    const own = commits.filter(({ stream }) => stream.writer === 'group' && stream.id.endsWith(`-${name}`));
    const gone = own[0];
    const { past } = await pastOf(commits.filter((commit) => commit !== gone));
    const at = `@${gone?.head.position ?? 0}`;
    await expect(past.group(name, at)).rejects.toMatchObject({ problem: { code: 'MOMENT_ARCHIVED', status: 404 } });
    const query = { limit: 10, sees: () => true };
    expect(await past.fleet(query, at)).toMatchObject({ groups: [], archived: [name] });
  });

  it('hosts run what the rollouts that got to them brought', async () => {
    const commits = recordedHistory('C12-7');
    const { past } = await pastOf(commits);
    const [group = ''] = groupsOf(commits);
    const { hosts } = await past.group(group, undefined);
    const ids = [...new Set(hosts.map(({ rollout }) => rollout))];
    const rollouts = new Map(
      await Promise.all(ids.map(async (id) => [id, await past.rollout(id, undefined)] as const)),
    );
    const done = hosts.filter(({ phase }) => phase === 'done' || phase === 'skipped');
    expect(done.length).toBeGreaterThan(0);
    for (const { host, rollout, running, phase } of done) {
      const state = rollouts.get(rollout)?.state ?? initialRollout();
      const target = targetsOf(state).find((each) => each.host === host);
      expect([running, phase]).toEqual([state.plan?.version, target?.phase]);
    }
  });
});

/** A comparable state as one document. */
const documentOf = ({ facts, tables }: Comparable): Record<string, unknown> => {
  const rows = Object.entries(tables).map(([name, { keys, row }]) => [
    name,
    Object.fromEntries([...keys()].map((key) => [key, row(key)])),
  ]);
  return JSON.parse(JSON.stringify({ ...facts, ...(Object.fromEntries(rows) as object) })) as Record<string, unknown>;
};

/** Makes the changes in a copy, as RFC 6901 names their places. */
function applied(document: object, changes: Iterable<Change | undefined>): object {
  const copy = structuredClone(document) as Record<string, unknown>;
  for (const change of changes) {
    if (change === undefined) continue;
    const path = change.path
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = path.pop() ?? '';
    let place = copy;
    for (const part of path) place = (place[part] ??= {}) as Record<string, unknown>;
    if ('to' in change) place[last] = change.to;
    else delete place[last];
  }
  return JSON.parse(JSON.stringify(copy)) as object;
}

describe('what changed between two moments', () => {
  it('is nothing between a moment and itself; made in the one, it gives the other', async () => {
    const commits = recordedHistory('chaos-35');
    const { past } = await pastOf(commits);
    const ids = [...rolloutsOf(commits).keys()];
    const [group = ''] = groupsOf(commits);
    const looks = [
      ...ids.map((id) => async (at: string) => comparableRollout(await past.rollout(id, at))),
      async (at: string) => comparableGroup((await past.group(group, at)) satisfies GroupThen),
    ];
    const last = commits.at(-1)?.head.position ?? 0;
    const moment = fc.integer({ min: 1, max: last }).map((position) => `@${position}`);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...looks), moment, moment, async (look, from, to) => {
        const [a, b] = await Promise.all([look(from), look(to)].map((asked) => asked.catch(() => undefined)));
        if (a === undefined || b === undefined) return;
        const changes = [...differences(a, b)];
        expect(applied(documentOf(a), changes)).toEqual(documentOf(b));
        expect([...differences(a, a)].filter((change) => change !== undefined)).toEqual([]);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('is counted whole and told in pages', async () => {
    const commits = recordedHistory('C8-1');
    const { past } = await pastOf(commits);
    const [[id, known] = ['', []]] = rolloutsOf(commits);
    const between = { from: `@${known.find(({ told }) => told !== undefined)?.position ?? 0}` };
    const whole = await past.rolloutDifference(id, { ...between, skip: 0, limit: 10_000 });
    const count = whole.counts.added + whole.counts.changed + whole.counts.removed;
    expect([whole.items.length, whole.next]).toEqual([count, undefined]);
    const told: Change[] = [];
    for (let skip: number | undefined = 0; skip !== undefined;) {
      const page = await past.rolloutDifference(id, { ...between, skip, limit: 3 });
      expect(page.counts).toEqual(whole.counts);
      told.push(...page.items);
      skip = page.next;
    }
    expect(told).toEqual(whole.items);
    expect(told.map(({ path }) => path)).toContain('/state');
  });

  it('of a fleet holds all its groups', async () => {
    const commits = recordedHistory('C12-7');
    const { past } = await pastOf(commits);
    const between = { from: '@1', skip: 0, limit: 10_000 };
    const { items, from, to } = await past.fleetDifference(() => true, between);
    for (const group of groupsOf(commits))
      expect(items.some(({ path }) => path.startsWith(`/groups/${group}/`))).toBe(true);
    expect(from.position).toBeLessThan(to.position);
    expect((await past.fleetDifference(() => false, between)).items).toEqual([]);
    const last = commits.at(-1)?.head.position ?? 0;
    const begins = Array.from({ length: 6 }, (_, i) => 12 + 9 * i);
    const pairs = begins.flatMap((begin) =>
      [0, 1, 5, last].map((more) => [begin, Math.min(begin + more, last)] as const),
    );
    for (const [begin, end] of pairs) {
      const moments = { ...between, from: `@${begin}`, to: `@${end}` };
      const whole = await past.fleetDifference(() => true, moments);
      const groups = [...groupsOf(commits)].toSorted();
      const single = await Promise.all(groups.map((group) => past.groupDifference(group, moments)));
      const named = single.flatMap((of, i) =>
        of.items.map((it) => ({ ...it, path: `/groups/${groups[i]}${it.path}` })),
      );
      expect(whole.items.filter(({ path }) => path.startsWith('/groups/'))).toEqual(named);
    }
    const none = await past.fleetDifference(() => true, { ...between, from: '@40', to: '@40' });
    expect(none.counts).toEqual({ added: 0, removed: 0, changed: 0 });
  });
});

describe('questions about the past', () => {
  it('are answered one at a time; more than a few that wait are sent away', async () => {
    const commits = recordedHistory('C4-1');
    let [reading, most] = [0, 0];
    const log = logOf(commits);
    const { past } = await pastOf(commits, {
      ...log,
      async *read(stream) {
        most = Math.max(most, (reading += 1));
        try {
          yield* log.read(stream);
        } finally {
          reading -= 1;
        }
      },
    });
    const [id = ''] = rolloutsOf(commits).keys();
    const asked = Array.from({ length: 20 }, () => past.rollout(id, undefined));
    const outcomes = await Promise.allSettled(asked);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map(({ reason }: PromiseRejectedResult) => (reason as { problem: object }).problem)).toMatchObject(
      Array.from({ length: 4 }, () => ({ code: 'TOO_BUSY', status: 503 })),
    );
    // A plan, a course and what people say of it are read side by side.
    expect(most).toBeLessThanOrEqual(3);
    await expect(past.rollout(id, undefined)).resolves.toBeDefined();
  });
});
