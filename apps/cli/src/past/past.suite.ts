import type { CommitView } from '@sluice/gateway';
import { expect, vi } from 'vitest';

import type { Ran } from '../cli.suite.js';
import { EXIT } from '../client/exit.js';

/** What the command line says of the past of the group hello-web, where a rollout has succeeded. */
export async function tellsThePast(cli: (...args: string[]) => Promise<Ran>): Promise<void> {
  const { out: listed } = await cli('-o', 'jsonl', 'list', '--group', 'hello-web', '--state', 'succeeded');
  const { id } = JSON.parse(listed.split('\n').at(-1) ?? '') as { id: string };
  const commits = (await cli('-o', 'jsonl', 'history', id)).out
    .split('\n')
    .map((line) => JSON.parse(line) as CommitView);
  const course = commits.filter(({ writer }) => writer === 'exec');
  const [first, last] = [course[0]?.position ?? 0, course.at(-1)?.position ?? 0];

  const then = await cli('get', id, '--at', `@${first}`);
  expect(then.out).toMatch(new RegExp(`^as it was at 20\\S+Z \\(@${first}\\)`));
  expect(then.out).toMatch(/state +running[^]*possible then/);
  expect((await cli('get', id, '--at', '0s')).out).toMatch(/state +succeeded/);
  expect((await cli('-o', 'jsonl', 'targets', id, '--at', `@${first}`, '--phase', 'done')).out).toBe('');
  const before = await cli('get', id, '--at', '300d');
  expect([before.exit, before.err]).toEqual([EXIT.notFound, expect.stringMatching(/^NOT_YET: .*it begins at 20/)]);
  expect((await cli('get', id, '--at', 'yesterday')).exit).toBe(EXIT.usage);
  expect((await cli('groups', 'hello-web', '--at', '1s')).out).toMatch(/not in the log: serving[^]*web-01 +\d/);
  expect((await cli('groups', '--at', '1s')).exit).toBe(EXIT.usage);
  expect((await cli('fleet')).out).toMatch(/hello-test +hello +2[^]*hello-web +hello +4 /);
  expect((await cli('fleet', '--at', '@1')).out).not.toContain('hello-web');

  const changed = await cli('diff', 'rollout', id, '--from', `@${first}`, '--to', `@${last}`);
  expect(changed.out).toMatch(/\/state +running +succeeded/);
  const lines = (await cli('-o', 'jsonl', 'diff', 'group', 'hello-web', '--from', `@${first}`)).out.split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { path: string }).path)).toContain('/hosts/web-01/phase');
  expect((await cli('diff', 'fleet', '--from', `@${last}`, '--to', `@${last}`)).out).toContain('0 changed, 0 added');
  expect((await cli('diff', 'fleet')).exit).toBe(EXIT.usage);

  // What is told of it may still be on its way into the log.
  await vi.waitFor(async () => {
    const history = await cli('history', id);
    expect(await cli('replay', id, '--speed', 'max')).toEqual(history);
  }, 20_000);
  const until = await cli('-o', 'jsonl', 'replay', id, '--speed', 'max', '--until', `@${first}`);
  const told = until.out.split('\n').map((line) => JSON.parse(line) as CommitView);
  expect(told).toEqual(commits.filter(({ position }) => position <= first));
}
