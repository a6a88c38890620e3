import type { Command } from 'commander';

import type { GroupPage, GroupSummary, Page, RolloutDetail, RolloutReport, TargetRow } from '@sluice/gateway';

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
import { countArgument, examples, shellOf, show, type Surroundings } from './shell.js';

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
    .command('get')
    .description('one rollout: state, budget, and what is possible now')
    .argument('<id>')
    .addHelpText('after', examples('sluice get ID', 'sluice get ID -o json | jq .actions'))
    .action(async (id: string, _options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      const rollout = await shell.api.call<RolloutDetail>('getRollout', { path: { id } });
      show(shell, rollout, (detail) => rolloutText(detail, shell.now()));
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

function addTargets(program: Command, surroundings: Surroundings): void {
  program
    .command('targets')
    .description('hosts of a rollout in the order of the plan')
    .argument('<id>')
    .option('--phase <phase>', 'only those, such as failed or done')
    .option(...LIMIT, 100_000)
    .addHelpText('after', examples('sluice targets ID --phase failed', 'sluice targets ID -o jsonl'))
    .action(async (id: string, options: { phase?: string; limit: number }, command: Command) => {
      const shell = shellOf(command, surroundings);
      const read = (cursor: string | undefined, size: number): Promise<Page<TargetRow>> =>
        shell.api.call('listTargets', { path: { id }, query: { phase: options.phase, cursor, limit: size } });
      show(shell, await all(read, options.limit), targetsTable);
    });
}

function addGroups(program: Command, surroundings: Surroundings): void {
  program
    .command('groups')
    .description('groups, or one group with its members')
    .argument('[name]')
    .option('--app <name>', 'only groups of this app')
    .addHelpText('after', examples('sluice groups', 'sluice groups hello-web', 'sluice groups --app hello -o yaml'))
    .action(async (name: string | undefined, { app }: { app?: string }, command: Command) => {
      const shell = shellOf(command, surroundings);
      if (name !== undefined) {
        show(shell, await shell.api.call<GroupPage>('getGroup', { path: { name }, query: { limit: PAGE } }), groupText);
        return;
      }
      const read = (cursor: string | undefined, size: number): Promise<Page<GroupSummary>> =>
        shell.api.call('listGroups', { query: { app, cursor, limit: size } });
      show(shell, await all(read, 100_000), groupsTable);
    });
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
