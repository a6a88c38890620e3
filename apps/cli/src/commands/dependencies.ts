import { type Command, Option } from 'commander';

import type { DependencyView, Done } from '@sluice/gateway';

import { instant, table } from '../output/table.js';
import { EXPECTED, examples, headersOf, REASON, shellOf, show, type Surroundings } from './shell.js';

interface Saying {
  readonly reason: string;
  readonly expectedVersion?: number;
}

interface Forcing extends Saying {
  readonly mode: 'open' | 'closed';
  readonly for: string;
}

/** What rollouts use and Sluice does not own: load balancers, the CMDB (TAR-41, TAR-43). */
export function addDependencies(program: Command, surroundings: Surroundings): void {
  const dependency = program
    .command('dependency')
    .description('load balancers and the CMDB: whether they are asked, and a switch for bad days')
    .addHelpText(
      'after',
      examples(
        'sluice dependency list',
        'sluice dependency force cmdb --mode open --for 30m --reason "it answers wrongly"',
      ),
    );

  dependency
    .command('list')
    .description('their circuit breakers, and what is forced by whom until when')
    .addHelpText('after', examples('sluice dependency list', 'sluice dependency list -o json'))
    .action(async (_options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      const { items } = await shell.api.call<{ items: DependencyView[] }>('listDependencies', {});
      show(shell, items, dependenciesTable);
    });

  addForcing(dependency, surroundings);
}

function addForcing(dependency: Command, surroundings: Surroundings): void {
  dependency
    .command('force')
    .description('leave it alone (open), or ask it whatever its breaker says (closed); it ends by itself')
    .argument('<name>')
    .addOption(new Option('--mode <mode>', 'open or closed').choices(['open', 'closed']).default('open'))
    .requiredOption('--for <duration>', 'how long, at most 24h')
    .requiredOption(...REASON)
    .option(...EXPECTED)
    .addHelpText('after', examples('sluice dependency force main --for 15m --reason "it is being replaced"'))
    .action(async (name: string, options: Forcing, command: Command) => {
      const shell = shellOf(command, surroundings);
      const { mode, for: time, reason } = options;
      const body = { mode, for: time, reason };
      const call = { path: { name }, body, headers: headersOf(options) };
      const done = await shell.api.call<Done>('forceDependency', call);
      show(shell, done, ({ target, rev }) => [`${target} is forced ${mode} for ${time} (rev ${rev})`]);
    });

  dependency
    .command('release')
    .description('end a forced mode before its time')
    .argument('<name>')
    .requiredOption(...REASON)
    .option(...EXPECTED)
    .addHelpText('after', examples('sluice dependency release main --reason "the new one answers"'))
    .action(async (name: string, options: Saying, command: Command) => {
      const shell = shellOf(command, surroundings);
      const call = { path: { name }, body: { reason: options.reason }, headers: headersOf(options) };
      const done = await shell.api.call<Done>('releaseDependency', call);
      show(shell, done, ({ target, state, rev }) => [`${target} is released and ${state} (rev ${rev})`]);
    });
}

const dependenciesTable = (rows: readonly DependencyView[]): string[] =>
  table(
    ['NAME', 'CALLS', 'BREAKER', 'SINCE', 'WHY'],
    rows.map(({ name, passage, breaker, since, words, forced }) => [
      name,
      passage === 'closed' ? 'go through' : passage === 'open' ? 'are not made' : 'one goes through',
      breaker,
      since === null ? '-' : instant(since),
      forced === null
        ? words || '-'
        : `forced ${forced.mode} until ${instant(forced.until)} by ${forced.by.id}: ${forced.reason}`,
    ]),
  );
