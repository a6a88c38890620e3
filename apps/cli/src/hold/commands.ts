import { type Command, Option } from 'commander';

import type { Done, HoldView } from '@sluice/gateway';

import { EXPECTED, examples, headersOf, REASON, shellOf, show, type Surroundings } from '../commands/shell.js';
import { instant, table } from '../output/table.js';

interface Saying {
  readonly reason: string;
  readonly expectedVersion?: number;
}

type Scope = 'rollout' | 'group' | 'app';

interface Placing extends Saying, Readonly<Partial<Record<Scope, string>>> {
  readonly everything?: boolean;
  readonly since?: string;
  readonly until?: string;
}

/** Legal holds: what must not be deleted from the archive. */
export function addHolds(program: Command, surroundings: Surroundings): void {
  const hold = program
    .command('hold')
    .description('legal holds: what they cover is never pruned from the archive, whatever its age')
    .addHelpText(
      'after',
      examples(
        'sluice hold place case-7 --group shop-prod --reason "case 7, asked for by legal"',
        'sluice hold place audit-q1 --since 2026-01-01T00:00:00Z --until 2026-04-01T00:00:00Z --reason "audit of Q1"',
        'sluice hold list',
      ),
    );
  addPlacing(hold, surroundings);
  hold
    .command('list')
    .description('what is held, since when, by whom and why')
    .addHelpText('after', examples('sluice hold list', 'sluice hold list -o json'))
    .action(async (_options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      const { items } = await shell.api.call<{ items: HoldView[] }>('listHolds', {});
      show(shell, items, holdsTable);
    });
  addLifting(hold, surroundings);
}

const SCOPES = ['rollout', 'group', 'app', 'everything', 'since'] as const;

const only = (option: (typeof SCOPES)[number], flags: string, what: string): Option =>
  new Option(flags, what).conflicts(SCOPES.filter((each) => each !== option));

function addPlacing(hold: Command, surroundings: Surroundings): void {
  hold
    .command('place')
    .description('keep one rollout, a group, an app, a period or everything from being pruned')
    .argument('<name>', 'of the hold, such as that of the case')
    .addOption(only('rollout', '--rollout <id>', 'this rollout'))
    .addOption(only('group', '--group <name>', 'all of this group'))
    .addOption(only('app', '--app <name>', 'all of this app'))
    .addOption(only('since', '--since <time>', 'what was under way from then on (2026-01-01T00:00:00Z), with --until'))
    .option('--until <time>', 'and before then')
    .addOption(only('everything', '--everything', 'nothing is pruned at all'))
    .requiredOption(...REASON)
    .option(...EXPECTED)
    .addHelpText('after', examples('sluice hold place case-8 --rollout ID --reason "case 8"'))
    .action(async (name: string, options: Placing, command: Command) => {
      const shell = shellOf(command, surroundings);
      const body = { name, ...scopeOf(options, command), reason: options.reason };
      const done = await shell.api.call<Done>('placeHold', { body, headers: headersOf(options) });
      show(shell, done, ({ target }) => [`hold ${target} is placed: what it covers stays until it is lifted`]);
    });
}

function scopeOf({ everything, since, until, ...named }: Placing, command: Command): Readonly<Record<string, string>> {
  if (since !== undefined && until !== undefined) return { scope: 'period', since, until };
  if (since !== undefined || until !== undefined) command.error('error: a period has --since and --until');
  for (const scope of ['rollout', 'group', 'app'] as const) {
    const of = named[scope];
    if (of !== undefined) return { scope, of };
  }
  if (everything !== true)
    command.error('error: say what is held: --rollout, --group, --app, --since and --until, or --everything');
  return { scope: 'all' };
}

function addLifting(hold: Command, surroundings: Surroundings): void {
  hold
    .command('lift')
    .description('end a hold: what it kept may be pruned from then on')
    .argument('<name>')
    .requiredOption(...REASON)
    .option(...EXPECTED)
    .addHelpText('after', examples('sluice hold lift case-7 --reason "case 7 is closed"'))
    .action(async (name: string, options: Saying, command: Command) => {
      const shell = shellOf(command, surroundings);
      const call = { path: { name }, body: { reason: options.reason }, headers: headersOf(options) };
      const done = await shell.api.call<Done>('liftHold', call);
      show(shell, done, ({ target }) => [`hold ${target} is lifted`]);
    });
}

const holdsTable = (rows: readonly HoldView[]): string[] =>
  table(
    ['NAME', 'HELD', 'SINCE', 'BY', 'WHY'],
    rows.map(({ name, scope, at, by, reason }) => [name, scopeText(scope), instant(at), by.id, reason]),
  );

function scopeText(scope: HoldView['scope']): string {
  if (scope.kind === 'all') return 'everything';
  return scope.kind === 'period' ? `${instant(scope.from)} to ${instant(scope.until)}` : `${scope.kind} ${scope.name}`;
}
