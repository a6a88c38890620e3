import type { Command } from 'commander';

import type {
  CommitView,
  GroupPage,
  GroupSummary,
  Page,
  RolloutDetail,
  RolloutReport,
  TargetRow,
} from '@sluice/gateway';

import { EXIT, type ExitCode } from '../client/exit.js';
import { liveEvents } from '../client/live.js';
import {
  groupsTable,
  groupText,
  reportText,
  type RolloutRow,
  rolloutsTable,
  rolloutText,
  targetsTable,
} from '../output/rollouts.js';
import { formatLine, Timeline } from '../timeline/timeline.js';
import { countArgument, durationArgument, type Shell, shellOf, show, type Surroundings } from './shell.js';

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
  addHistory(program, surroundings);
}

function addRollouts(program: Command, surroundings: Surroundings): void {
  program
    .command('list')
    .description('rollouts, the newest first')
    .option('--app <name>')
    .option('--group <name>')
    .option('--state <state>', 'such as running, awaiting-approval, braked, succeeded')
    .option(...LIMIT, 20)
    .action(async (options: { app?: string; group?: string; state?: string; limit: number }, command: Command) => {
      const shell = shellOf(command, surroundings);
      const { limit: most, ...filter } = options;
      const read = (cursor: string | undefined, size: number): Promise<Page<RolloutRow>> =>
        shell.api.call('listRollouts', { query: { ...filter, cursor, limit: size } });
      show(shell, await all(read, most), rolloutsTable);
    });

  program
    .command('get')
    .description('one rollout: state, budget, and what is possible now')
    .argument('<id>')
    .action(async (id: string, _options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      show(shell, await shell.api.call<RolloutDetail>('getRollout', { path: { id } }), rolloutText);
    });

  program
    .command('report')
    .description('how long the rollout, its batches and its steps took')
    .argument('<id>')
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
    .action(async (name: string | undefined, _options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      if (name !== undefined) {
        show(shell, await shell.api.call<GroupPage>('getGroup', { path: { name }, query: { limit: PAGE } }), groupText);
        return;
      }
      const read = (cursor: string | undefined, size: number): Promise<Page<GroupSummary>> =>
        shell.api.call('listGroups', { query: { cursor, limit: size } });
      show(shell, await all(read, 100_000), groupsTable);
    });
}

function addHistory(program: Command, surroundings: Surroundings): void {
  program
    .command('history')
    .description('what happened, who decided it, and why')
    .argument('<id>')
    .action(async (id: string, _options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      await history(shell, id);
    });

  program
    .command('watch')
    .description('the history, then what happens, until the rollout has ended (exit 0 succeeded, 6 not, 8 timeout)')
    .argument('<id>')
    .option('--timeout <duration>', 'give up after so long', durationArgument)
    .action(async (id: string, options: { timeout?: number }, command: Command) => {
      const shell = shellOf(command, surroundings);
      shell.end(await watch(shell, id, options.timeout));
    });
}

async function history(shell: Shell, id: string): Promise<void> {
  const timeline = new Timeline();
  let after = 0;
  for (let more = true; more;) {
    const page = await shell.api.call<{ items: CommitView[]; next: number | null }>('listEvents', {
      path: { id },
      query: { after, limit: PAGE },
    });
    for (const commit of page.items) tell(shell, timeline, commit);
    more = page.next !== null;
    after = page.next ?? after;
  }
}

/** As JSON one commit a line, so that a history of any length can be piped on. */
function tell(shell: Shell, timeline: Timeline, commit: CommitView): void {
  if (shell.json) shell.out(JSON.stringify(commit));
  else for (const line of timeline.add(commit)) shell.out(formatLine(line));
}

async function watch(shell: Shell, id: string, timeoutMs: number | undefined): Promise<ExitCode> {
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const signal = timeout === undefined ? shell.interrupted : AbortSignal.any([shell.interrupted, timeout]);
  const timeline = new Timeline();
  let ended: ExitCode | undefined;
  let isLive = false;
  for await (const event of liveEvents(shell.api, id, { signal, sleep: shell.sleep })) {
    if (event.kind === 'live') isLive = true;
    else {
      tell(shell, timeline, event.commit);
      ended = endOf(event.commit, ended);
    }
    // Its past may hold an end that a retry took back: only what stands when it is live counts.
    if (isLive && ended !== undefined) return ended;
  }
  return timeout?.aborted === true ? EXIT.timeout : EXIT.ok;
}

function endOf(commit: CommitView, before: ExitCode | undefined): ExitCode | undefined {
  let ended = before;
  for (const { type } of commit.events) {
    if (type === 'RolloutSucceeded') ended = EXIT.ok;
    if (type === 'RolloutFailed' || type === 'RolloutCancelled' || type === 'RequestRefused') ended = EXIT.failed;
    if (type === 'RetryOrdered' || type === 'SkipOrdered') ended = undefined;
  }
  return ended;
}
