import { type Command, Option } from 'commander';

import type { Done, FreezeView } from '@sluice/gateway';

import { instant, table } from '../output/table.js';
import { EXPECTED, examples, headersOf, REASON, shellOf, show, type Surroundings } from './shell.js';

interface Saying {
  readonly reason: string;
  readonly expectedVersion?: number;
}

interface Declaring extends Saying {
  readonly for: string;
  readonly from?: string;
  readonly environment?: string;
  readonly app?: string;
  readonly group?: string;
}

/** Freeze windows and stop-the-line. */
export function addFreezes(program: Command, surroundings: Surroundings): void {
  const freeze = program
    .command('freeze')
    .description('stop the line: nothing is admitted and no traffic moves to a new side where a freeze holds')
    .addHelpText(
      'after',
      examples(
        'sluice freeze declare --for 2h --reason "an outage: stop the line"',
        'sluice freeze declare --environment production --from 2026-12-23T16:00:00Z --for 5d --reason holidays',
        'sluice freeze list',
      ),
    );

  freeze
    .command('list')
    .description('what is frozen, until when, by whom and why')
    .addHelpText('after', examples('sluice freeze list', 'sluice freeze list -o json'))
    .action(async (_options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      const { items } = await shell.api.call<{ items: FreezeView[] }>('listFreezes', {});
      show(shell, items, freezesTable);
    });

  addDeclaring(freeze, surroundings);
  addLifting(freeze, surroundings);
}

function addDeclaring(freeze: Command, surroundings: Surroundings): void {
  const scopes = ['environment', 'app', 'group'] as const;
  const declare = freeze
    .command('declare')
    .description('freeze everything, or one environment, app or group; it ends by itself');
  for (const scope of scopes) {
    const others = scopes.filter((each) => each !== scope);
    declare.addOption(new Option(`--${scope} <name>`, `only rollouts of this ${scope}`).conflicts([...others]));
  }
  declare
    .requiredOption('--for <duration>', 'how long, at most 92d')
    .option('--from <time>', 'when it begins, e.g. 2026-12-23T16:00:00Z; now when left out')
    .requiredOption(...REASON)
    .option(...EXPECTED)
    .addHelpText('after', examples('sluice freeze declare --group hello-web --for 30m --reason "the database moves"'))
    .action(async (options: Declaring, command: Command) => {
      const shell = shellOf(command, surroundings);
      const scope = scopes.find((each) => options[each] !== undefined);
      const body = {
        scope: scope ?? 'all',
        ...(scope === undefined ? {} : { name: options[scope] }),
        for: options.for,
        ...(options.from === undefined ? {} : { from: options.from }),
        reason: options.reason,
      };
      const done = await shell.api.call<Done>('declareFreeze', { body, headers: headersOf(options) });
      show(shell, done, ({ target }) => [`freeze ${target} holds ${options.from ?? 'from now on'} for ${options.for}`]);
    });
}

function addLifting(freeze: Command, surroundings: Surroundings): void {
  freeze
    .command('lift')
    .description('end a freeze before its time')
    .argument('<id>')
    .requiredOption(...REASON)
    .option(...EXPECTED)
    .addHelpText('after', examples('sluice freeze lift f-01k9 --reason "the outage is over"'))
    .action(async (id: string, options: Saying, command: Command) => {
      const shell = shellOf(command, surroundings);
      const call = { path: { id }, body: { reason: options.reason }, headers: headersOf(options) };
      const done = await shell.api.call<Done>('liftFreeze', call);
      show(shell, done, ({ target }) => [`freeze ${target} is lifted`]);
    });
}

const freezesTable = (rows: readonly FreezeView[]): string[] =>
  table(
    ['ID', 'FROZEN', 'FROM', 'UNTIL', 'BY', 'WHY'],
    rows.map(({ id, scope, from, until, by, reason }) => [
      id,
      scope.kind === 'all' ? 'everything' : `${scope.kind} ${scope.name}`,
      instant(from),
      instant(until),
      by.id,
      reason,
    ]),
  );
