import type { Command } from 'commander';

import type {
  At,
  GroupPage,
  GroupPageThen,
  GroupSummary,
  Page,
  RolloutDetail,
  RolloutReport,
  TargetRow,
} from '@sluice/gateway';

import { DURATION_PATTERN, parseDuration } from '@sluice/kernel';

import {
  groupsTable,
  groupText,
  reportText,
  type RolloutRow,
  rolloutsTable,
  rolloutText,
  targetsTable,
} from '../output/rollouts.js';
import { AT, pinned, thenText } from '../past/moment.js';
import { groupThenText } from '../past/text.js';
import { countArgument, examples, type Shell, shellOf, show, type Surroundings } from './shell.js';

const PAGE = 200;

/** All items of a paged list, at most `most`. */
async function all<T>(
  page: (cursor: string | undefined, limit: number) => Promise<Page<T>>,
  most: number,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const { items: more, next } = await page(cursor, Math.min(PAGE, most - items.length));
    items.push(...more);
    cursor = next ?? undefined;
  } while (cursor !== undefined && items.length < most);
  return items;
}

const LIMIT = ['--limit <count>', 'at most so many', countArgument] as const;

export function addReading(program: Command, surroundings: Surroundings): void {
  addRollouts(program, surroundings);
  addOne(program, surroundings);
  addTargets(program, surroundings);
  addGroups(program, surroundings);
}

function addRollouts(program: Command, surroundings: Surroundings): void {
  program
    .command('list')
    .description('rollouts, the newest first')
    .option('--app <name>')
    .option('--group <name>')
    .option('--state <state>', 'such as running, awaiting-approval, braked, succeeded')
    .option('--since <time>', 'planned since then: 2h ago (`2h`), or a time (2026-01-31T12:00:00Z)')
    .option('--archived', 'only those that left the log for the archive')
    .option('--no-archived', 'only those that stand in the log')
    .option(...LIMIT, 20)
    .addHelpText('after', examples('sluice list --state braked', 'sluice list --app hello --since 2h -o jsonl'))
    .action(async (options: Filter & { limit: number }, command: Command) => {
      const shell = shellOf(command, surroundings);
      const { limit: most, since, archived, ...rest } = options;
      const filter = {
        ...rest,
        archived: archived?.toString(),
        since: since === undefined ? undefined : sinceOf(since, shell.now()),
      };
      const read = (cursor: string | undefined, size: number): Promise<Page<RolloutRow>> =>
        shell.api.call('listRollouts', { query: { ...filter, cursor, limit: size } });
      show(shell, await all(read, most), rolloutsTable);
    });

  program
    .command('report')
    .description('how long the rollout, its batches and its steps took')
    .argument('<id>')
    .addHelpText('after', examples('sluice report ID'))
    .action(async (id: string, _options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      show(shell, await shell.api.call<RolloutReport>('getReport', { path: { id } }), reportText);
    });
}

function addOne(program: Command, surroundings: Surroundings): void {
  program
    .command('get')
    .description('one rollout: state, budget, and what is possible, now or at any moment')
    .argument('<id>')
    .option(...AT)
    .addHelpText(
      'after',
      examples(
        'sluice get ID',
        'sluice get ID -o json | jq .actions',
        'sluice get ID --at 5m',
        'sluice get ID --at @118',
      ),
    )
    .action(async (id: string, { at }: Moment, command: Command) => {
      const shell = shellOf(command, surroundings);
      const rollout = await shell.api.call<At<RolloutDetail>>('getRollout', { path: { id }, query: { at } });
      show(shell, rollout, (detail) => [
        ...thenText(detail.at),
        ...rolloutText(detail, detail.at?.time ?? shell.now()),
      ]);
    });
}

function addTargets(program: Command, surroundings: Surroundings): void {
  program
    .command('targets')
    .description('hosts of a rollout in the order of the plan, now or at any moment')
    .argument('<id>')
    .option(...AT)
    .option('--phase <phase>', 'only those, such as failed or done')
    .option(...LIMIT, 100_000)
    .addHelpText('after', examples('sluice targets ID --phase failed', 'sluice targets ID --at @118 -o jsonl'))
    .action(async (id: string, { limit: most, phase, ...options }: TargetsOptions, command: Command) => {
      const shell = shellOf(command, surroundings);
      let { at } = options;
      const read = async (cursor: string | undefined, limit: number): Promise<Page<TargetRow>> => {
        const call = { path: { id }, query: { phase, cursor, limit, at } };
        const page = await shell.api.call<At<Page<TargetRow>>>('listTargets', call);
        at = pinned(at, page.at);
        return page;
      };
      show(shell, await all(read, most), targetsTable);
    });
}

function addGroups(program: Command, surroundings: Surroundings): void {
  program
    .command('groups')
    .description('groups, or one group with its members')
    .argument('[name]')
    .option('--app <name>', 'only groups of this app')
    .option(...AT)
    .addHelpText(
      'after',
      examples(
        'sluice groups',
        'sluice groups hello-web',
        'sluice groups hello-web --at 1h',
        'sluice groups --app hello -o yaml',
      ),
    )
    .action(async (name: string | undefined, { app, at }: Moment & { app?: string }, command: Command) => {
      const shell = shellOf(command, surroundings);
      if (at !== undefined) {
        if (name === undefined) command.error('error: --at wants a group; `sluice fleet --at` has all of them');
        else show(shell, await groupThen(shell, name, at), groupThenText);
        return;
      }
      if (name !== undefined) {
        show(shell, await shell.api.call<GroupPage>('getGroup', { path: { name }, query: { limit: PAGE } }), groupText);
        return;
      }
      const read = (cursor: string | undefined, size: number): Promise<Page<GroupSummary>> =>
        shell.api.call('listGroups', { query: { app, cursor, limit: size } });
      show(shell, await all(read, 100_000), groupsTable);
    });
}

/** With all its members. */
async function groupThen(shell: Shell, name: string, asked: string): Promise<GroupPageThen> {
  const read = (at: string | undefined, cursor?: string): Promise<GroupPageThen> =>
    shell.api.call<GroupPageThen>('getGroup', { path: { name }, query: { at, cursor, limit: PAGE } });
  const group = await read(asked);
  const items = [...group.memberPage.items];
  for (let { next } = group.memberPage; next !== null;) {
    const { memberPage } = await read(pinned(asked, group.at), next);
    items.push(...memberPage.items);
    ({ next } = memberPage);
  }
  return { ...group, memberPage: { items, next: null } };
}

interface Moment {
  readonly at?: string;
}

interface TargetsOptions extends Moment {
  readonly phase?: string;
  readonly limit: number;
}

interface Filter {
  readonly app?: string;
  readonly group?: string;
  readonly state?: string;
  readonly since?: string;
  readonly archived?: boolean;
}

/** A length of time counts back from now; anything else is for the API to read. */
function sinceOf(text: string, now: number): string | number {
  return new RegExp(DURATION_PATTERN).test(text) ? now - parseDuration(text) : text;
}
