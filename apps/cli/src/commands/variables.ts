import { type Command, InvalidArgumentError, Option } from 'commander';

import type { Done, VariableDetail, VariableExplanation, VariableSeries, VariableSummary } from '@sluice/gateway';

import { CliError, EXIT } from '../client/exit.js';
import type { Operation } from '../client/operations.js';
import { AT } from '../past/moment.js';
import { type VariableAt, variableAtText } from '../past/text.js';
import { chartText, explanationText, variablesTable } from '../output/variables.js';
import {
  countArgument,
  EXPECTED,
  examples,
  headersOf,
  REASON,
  type Shell,
  shellOf,
  show,
  type Surroundings,
} from './shell.js';

const FLEET = ['--fleet <name>', 'the fleet', 'default'] as const;

interface OfFleet {
  readonly fleet: string;
}

interface Saying extends OfFleet {
  readonly reason: string;
  readonly expectedVersion?: number;
}

const doneText = ({ target, state, rev, actions }: Done): string[] => [
  `${target} is ${state} (rev ${rev})`,
  `possible now: ${actions.join(', ') || 'nothing'}`,
];

/** What hosts are to have, and how it gets from one value to another over days. */
export function addVariables(program: Command, surroundings: Surroundings): void {
  const variable = program
    .command('variable')
    .description('what the hosts of a fleet are to have, ramped from one value to another over minutes to months')
    .addHelpText(
      'after',
      examples(
        'sluice variable define docker --from 1.6 --to 1.9 --over 14d --limit "*=30%,min 1" --reason "1.9 is tested"',
        'sluice variable ramp docker --reason "go"',
        'sluice variable chart docker',
        'sluice explain host-17 docker',
      ),
    );
  addLooking(variable, surroundings);
  addCharting(variable, surroundings);
  addDefining(variable, surroundings);
  for (const move of MOVES) addMove(variable, surroundings, move);
  addPinning(variable, surroundings);
}

function addLooking(variable: Command, surroundings: Surroundings): void {
  variable
    .command('list')
    .description('all variables: their values, and how far their ramps are')
    .option('--fleet <name>', 'only those of this fleet')
    .addHelpText('after', examples('sluice variable list', 'sluice variable list --fleet web -o json'))
    .action(async ({ fleet }: Partial<OfFleet>, command: Command) => {
      const shell = shellOf(command, surroundings);
      const { items } = await shell.api.call<{ items: VariableSummary[] }>('listVariables', { query: { fleet } });
      show(shell, items, variablesTable);
    });
  variable
    .command('show')
    .description(
      'one variable, now or at any moment: its ramp, and how many hosts of each role are to have which value',
    )
    .argument('<variable>')
    .option(...FLEET)
    .option(...AT)
    .addHelpText('after', examples('sluice variable show docker', 'sluice variable show docker --at 3d'))
    .action(async (name: string, { fleet, at }: OfFleet & { readonly at?: string }, command: Command) => {
      const shell = shellOf(command, surroundings);
      const call = { path: { fleet, name }, query: { at } };
      show(shell, await shell.api.call<VariableAt>('getVariable', call), variableAtText);
    });
  variable
    .command('desired')
    .description('all that a host is to have, as it would be told; a host that nobody knows joins by this')
    .argument('<host>')
    .option(...FLEET)
    .addHelpText('after', examples('sluice variable desired host-17'))
    .action(async (host: string, { fleet }: OfFleet, command: Command) => {
      const shell = shellOf(command, surroundings);
      const call = { path: { host }, query: { fleet } };
      const values = await shell.api.call<Record<string, unknown>>('getDesiredState', call);
      show(shell, values, (all) => Object.entries(all).map(([name, value]) => `${name}  ${String(value)}`));
    });
}

interface Charting extends OfFleet {
  readonly from?: string;
  readonly to?: string;
  readonly step: string;
  readonly role?: string;
  readonly height: number;
}

function addCharting(variable: Command, surroundings: Surroundings): void {
  variable
    .command('chart')
    .description('how many hosts were to have which value, as a picture: the old line falls, the new one rises')
    .argument('<variable>')
    .option(...FLEET)
    .option('--from <time>', 'such as 2026-01-31T12:00:00Z; a day before the end when left out')
    .option('--to <time>', 'now when left out')
    .option('--step <duration>', 'the finest step', '1m')
    .option('--role <name>', 'only hosts of this role')
    .option('--height <lines>', 'of the picture', countArgument, 16)
    .addHelpText(
      'after',
      examples('sluice variable chart docker', 'sluice variable chart docker --step 1s --role login'),
    )
    .action(async (name: string, { fleet, height, ...query }: Charting, command: Command) => {
      const shell = shellOf(command, surroundings);
      const path = { fleet, name };
      const series = await shell.api.call<VariableSeries>('getVariableSeries', { path, query: { ...query } });
      const detail = await shell.api.call<VariableDetail>('getVariable', { path });
      const size = {
        width: shell.terminal?.columns() ?? 100,
        height: Math.max(2, Math.min(height, 100)),
      };
      show(shell, series, (value) => chartText(value, detail, size));
    });
}

interface Defining extends Saying {
  readonly from: string;
  readonly to: string;
  readonly type: 'string' | 'number' | 'boolean';
  readonly over?: string;
  readonly point?: readonly object[];
  readonly limit?: Readonly<Record<string, object>>;
  readonly salt?: string;
}

function addDefining(variable: Command, surroundings: Surroundings): void {
  said(
    variable
      .command('define')
      .description('make a variable, change its limits, or name its next value once all hosts have the last one')
      .argument('<variable>')
      .requiredOption('--from <value>', 'what all hosts have now')
      .requiredOption('--to <value>', 'what they are to have at the end')
      .addOption(
        new Option('--type <type>', 'of its values').choices(['string', 'number', 'boolean']).default('string'),
      )
      .option('--over <duration>', 'how long the ramp takes, such as 14d')
      .option('--point <after=percent>', 'instead: a point of the ramp, such as 1d=5%; several', pointArgument)
      .option(
        '--limit <role=limit>',
        'such as "login=30%,min 1,max 40,pace 2 in 10m"; * is every other role',
        limitArgument,
      )
      .option('--salt <text>', 'another one gives the hosts another order'),
  )
    .addHelpText(
      'after',
      examples(
        'sluice variable define docker --from 1.6 --to 1.9 --over 14d --reason "1.9 is tested"',
        'sluice variable define workers --type number --from 4 --to 8 --point 1d=1% --point 7d=100% --reason load',
        'sluice variable define docker --from 1.6 --to 1.9 --over 14d --limit "login=30%,min 1" --limit "*=pace 5 in 1h" --reason careful',
      ),
    )
    .action(async (name: string, options: Defining, command: Command) => {
      const { from, to, type, over, point, limit, salt } = options;
      if ((over === undefined) === (point === undefined))
        throw new CliError(EXIT.usage, 'say how long the ramp takes: --over, or --point several times');
      const body = {
        ...{ type, from: valueOf(type, from), to: valueOf(type, to), over: over ?? point },
        ...(limit === undefined ? {} : { limits: limit }),
        ...(salt === undefined ? {} : { salt }),
      };
      await say(shellOf(command, surroundings), { operation: 'defineVariable', name, body, options });
    });
}

function valueOf(type: Defining['type'], text: string): string | number | boolean {
  if (type === 'string') return text;
  if (type === 'boolean' && /^(?:true|false)$/.test(text)) return text === 'true';
  if (type === 'number' && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  throw new CliError(EXIT.usage, `"${text}" is no ${type}`);
}

function pointArgument(text: string, before: readonly object[] = []): readonly object[] {
  const found = /^(\S+)=(\d+(?:\.\d+)?)%?$/.exec(text);
  if (found === null) throw new InvalidArgumentError('a point is <after>=<percent>, such as 1d=5%');
  return [...before, { after: found[1], percent: Number(found[2]) }];
}

function limitArgument(text: string, before: Readonly<Record<string, object>> = {}): Readonly<Record<string, object>> {
  const equals = text.lastIndexOf('=');
  if (equals < 1) throw new InvalidArgumentError('a limit is <role>=<limit>, such as "login=30%,min 1"');
  const parts = text.slice(equals + 1).split(',');
  return { ...before, [text.slice(0, equals)]: Object.assign({}, ...parts.map(limitPart)) as object };
}

function limitPart(text: string): object {
  const part = text.trim();
  const [, share] = /^(\d+(?:\.\d+)?)%$/.exec(part) ?? [];
  if (share !== undefined) return { maxPercent: Number(share) };
  const [, which, hosts] = /^(min|max) (\d{1,7})$/.exec(part) ?? [];
  if (which !== undefined) return { [which === 'min' ? 'minHosts' : 'maxHosts']: Number(hosts) };
  const [, changes, window] = /^pace (\d{1,5}) in (\S+)$/.exec(part) ?? [];
  if (changes !== undefined) return { pace: { changes: Number(changes), window } };
  throw new InvalidArgumentError(`"${part}" is no limit: write 30%, min 1, max 40 or pace 2 in 10m`);
}

interface Move {
  readonly name: 'ramp' | 'pause' | 'resume' | 'stop' | 'reverse' | 'revert' | 'finish';
  readonly about: string;
}

const MOVES: readonly Move[] = [
  { name: 'ramp', about: 'set out for the new value, from where it is' },
  { name: 'pause', about: 'nothing changes; the time that passes does not count' },
  { name: 'resume', about: 'go on after a pause or a stop' },
  { name: 'stop', about: 'freeze who has which value; nothing reverts by itself' },
  { name: 'reverse', about: 'go back for the old value, as fast as it came' },
  { name: 'revert', about: 'all hosts have the old value, at once' },
  { name: 'finish', about: 'the rest of the ramp at once, within its limits' },
];

function addMove(variable: Command, surroundings: Surroundings, { name: verb, about }: Move): void {
  said(variable.command(verb).description(about).argument('<variable>'))
    .addHelpText('after', examples(`sluice variable ${verb} docker --reason "why"`))
    .action(async (name: string, options: Saying, command: Command) =>
      say(shellOf(command, surroundings), { operation: `${verb}Variable`, name, body: {}, options }),
    );
}

function addPinning(variable: Command, surroundings: Surroundings): void {
  said(
    variable
      .command('pin')
      .description('give some hosts a value of their own, whatever the ramp does')
      .argument('<variable>')
      .argument('<value>')
      .argument('<hosts...>'),
  )
    .addHelpText('after', examples('sluice variable pin docker 1.6 host-17 host-18 --reason "its disk is odd"'))
    .action(async (name: string, text: string, ...[hosts, options, command]: [string[], Saying, Command]) => {
      const shell = shellOf(command, surroundings);
      const path = { fleet: options.fleet, name };
      const { spec } = await shell.api.call<VariableDetail>('getVariable', { path });
      const body = { hosts, value: valueOf(spec.type, text) };
      await say(shell, { operation: 'pinVariable', name, body, options });
    });
  said(
    variable
      .command('unpin')
      .description('let pinned hosts be part of the ramp again')
      .argument('<variable>')
      .argument('<hosts...>'),
  )
    .addHelpText('after', examples('sluice variable unpin docker host-17 --reason "a new disk"'))
    .action(async (name: string, hosts: string[], options: Saying, command: Command) =>
      say(shellOf(command, surroundings), { operation: 'unpinVariable', name, body: { hosts }, options }),
    );
}

const said = (command: Command): Command =>
  command
    .option(...FLEET)
    .requiredOption(...REASON)
    .option(...EXPECTED);

interface Said {
  readonly operation: Operation;
  readonly name: string;
  readonly body: object;
  readonly options: Saying;
}

async function say(shell: Shell, { operation, name, body, options }: Said): Promise<void> {
  const { fleet, reason } = options;
  const call = { path: { fleet, name }, body: { ...body, reason }, headers: headersOf(options) };
  show(shell, await shell.api.call<Done>(operation, call), doneText);
}

/** `sluice explain <host> <variable>`: why the host is, or was, to have its value (TSU-08). */
export async function explainVariable(
  shell: Shell,
  { host, name, fleet, at }: OfFleet & { readonly host: string; readonly name: string; readonly at?: string },
): Promise<void> {
  const call = { path: { fleet, name }, query: { host, at } };
  show(shell, await shell.api.call<VariableExplanation>('explainVariable', call), explanationText);
}
