import type { Command } from 'commander';

import type { DifferencePage, FleetPage } from '@sluice/gateway';

import type { Operation } from '../client/operations.js';
import { countArgument, examples, type Shell, shellOf, show, type Surroundings } from '../commands/shell.js';
import { AT, momentArgument, MOMENTS, pinned } from './moment.js';
import { addReplay } from './replaying.js';
import { differenceText, fleetText } from './text.js';

const PAGE = 200;

/** What was: the fleet at any moment, what changed between two of them, and a rollout played again. */
export function addPast(program: Command, surroundings: Surroundings): void {
  addFleet(program, surroundings);
  addDiff(program, surroundings);
  addReplay(program, surroundings);
}

function addFleet(program: Command, surroundings: Surroundings): void {
  program
    .command('fleet')
    .description(
      'which versions the groups run, open rollouts, what is frozen: now or at any moment, from the log alone',
    )
    .option(...AT)
    .addHelpText('after', examples('sluice fleet', 'sluice fleet --at 2h', 'sluice fleet --at @118 -o json'))
    .action(async ({ at }: { at?: string }, command: Command) => {
      const shell = shellOf(command, surroundings);
      show(shell, await wholeFleet(shell, at), fleetText);
    });
}

async function wholeFleet(shell: Shell, asked: string | undefined): Promise<FleetPage> {
  const read = (at: string | undefined, cursor?: string): Promise<FleetPage> =>
    shell.api.call<FleetPage>('getFleet', { query: { at, cursor, limit: PAGE } });
  const first = await read(asked);
  const at = pinned(asked ?? 'now', first.at);
  const items = [...first.groups.items];
  const archived = [...first.archived];
  for (let { next } = first.groups; next !== null;) {
    const page = await read(at, next);
    items.push(...page.groups.items);
    archived.push(...page.archived);
    ({ next } = page.groups);
  }
  return { ...first, archived, groups: { items, next: null } };
}

interface Diffing {
  readonly from: string;
  readonly to?: string;
  readonly limit: number;
  readonly fleet?: string;
}

interface Thing {
  readonly verb: string;
  readonly about: string;
  readonly operation: Operation;
  readonly argument?: string;
  readonly pathOf: (name: string, options: Diffing) => Readonly<Record<string, string>>;
  readonly example: string;
}

const THINGS: readonly Thing[] = [
  {
    verb: 'rollout',
    about: 'its state, its budget, each of its hosts',
    operation: 'diffRollout',
    argument: '<id>',
    pathOf: (id) => ({ id }),
    example: 'sluice diff rollout ID --from @118 --to @131',
  },
  {
    verb: 'group',
    about: 'lease, exclusions, blocked versions, what its hosts run',
    operation: 'diffGroup',
    argument: '<name>',
    pathOf: (name) => ({ name }),
    example: 'sluice diff group hello-web --from 1h',
  },
  {
    verb: 'variable',
    about: 'its ramp, its limits, what each host is to have',
    operation: 'diffVariable',
    argument: '<name>',
    pathOf: (name, { fleet = 'default' }) => ({ fleet, name }),
    example: 'sluice diff variable docker --from 1d',
  },
  {
    verb: 'fleet',
    about: 'all groups, freezes and dependencies',
    operation: 'diffFleet',
    pathOf: () => ({}),
    example: 'sluice diff fleet --from 2026-01-31T12:00:00Z --to 2026-01-31T13:00:00Z',
  },
];

function addDiff(program: Command, surroundings: Surroundings): void {
  const diff = program
    .command('diff')
    .description('what changed between two moments, as the log tells it')
    .addHelpText('after', examples(...THINGS.map(({ example }) => example)));
  for (const thing of THINGS) {
    const command = diff.command(thing.verb).description(`what changed in a ${thing.verb}: ${thing.about}`);
    if (thing.argument !== undefined) command.argument(thing.argument);
    if (thing.verb === 'variable') command.option('--fleet <name>', 'the fleet', 'default');
    command
      .requiredOption('--from <moment>', MOMENTS, momentArgument)
      .option('--to <moment>', 'another one; now when left out', momentArgument)
      .option('--limit <count>', 'list at most so many changes; all of them are counted', countArgument, PAGE)
      .addHelpText('after', examples(thing.example))
      .action(async (...said: unknown[]) => {
        const self = said.pop() as Command;
        const [name = ''] = self.args;
        const shell = shellOf(self, surroundings);
        const found = await difference(shell, thing, name, self.opts<Diffing>());
        if (shell.format === 'jsonl') show(shell, found.items, () => []);
        else show(shell, found, differenceText);
      });
  }
}

async function difference(shell: Shell, thing: Thing, name: string, options: Diffing): Promise<DifferencePage> {
  const path = thing.pathOf(name, options);
  const read = (query: Readonly<Record<string, string | number | undefined>>): Promise<DifferencePage> =>
    shell.api.call<DifferencePage>(thing.operation, { path, query });
  const { from, to } = options;
  const limitOf = (left: number): number => Math.max(1, Math.min(PAGE, left));
  const first = await read({ from, to, limit: limitOf(options.limit) });
  // Now is later with each page.
  const fixed = { from: pinned(from, first.from), to: pinned(to ?? 'now', first.to) };
  const items = first.items.slice(0, options.limit);
  for (let { next } = first; next !== null && items.length < options.limit;) {
    const page = await read({ ...fixed, cursor: next, limit: limitOf(options.limit - items.length) });
    items.push(...page.items);
    ({ next } = page);
  }
  return { ...first, items, next: null };
}
