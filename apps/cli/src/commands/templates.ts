import type { Command } from 'commander';

import type { Done, Page, StoredTemplate } from '@sluice/gateway';
import { stringify } from 'yaml';

import { instant, pairs, table } from '../output/table.js';
import { documentOf, EXPECTED, examples, headersOf, type Shell, shellOf, show, type Surroundings } from './shell.js';

const PAGE = 500;

interface Changing {
  readonly expectedVersion?: number;
}

/** Named plan templates: what many requests say alike (XIM-04). */
export function addTemplates(program: Command, surroundings: Surroundings): void {
  const template = program
    .command('template')
    .description('plan templates: what many requests say alike; a request names one as `template: NAME`')
    .addHelpText('after', examples('sluice template put careful careful.yaml', 'sluice template list'));
  addReading(template, surroundings);
  addChanging(template, surroundings);
}

function addReading(template: Command, surroundings: Surroundings): void {
  template
    .command('list')
    .description('templates by name')
    .addHelpText('after', examples('sluice template list', 'sluice template list -o jsonl'))
    .action(async (_options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      show(shell, await all(shell), templatesTable);
    });

  template
    .command('show')
    .description('one template: its version, and what it says')
    .argument('<name>')
    .addHelpText('after', examples('sluice template show careful', 'sluice template show careful -o json | jq .fields'))
    .action(async (name: string, _options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      show(shell, await shell.api.call<StoredTemplate>('getTemplate', { path: { name } }), templateText);
    });
}

function addChanging(template: Command, surroundings: Surroundings): void {
  template
    .command('put')
    .description(
      'store a template in the place of the one of that name; FILE is YAML or JSON, - reads the standard input',
    )
    .argument('<name>')
    .argument('<file>')
    .option(...EXPECTED)
    .addHelpText(
      'after',
      examples(
        'sluice template put careful careful.yaml',
        'echo \'{"batches": "10%"}\' | sluice template put careful - --expected-version 0   # only a new one',
      ),
    )
    .action(async (name: string, file: string, options: Changing, command: Command) => {
      const shell = shellOf(command, surroundings);
      const call = { path: { name }, ...(await documentOf(shell, file)), headers: headersOf(options) };
      const done = await shell.api.call<Done>('putTemplate', call);
      show(shell, done, ({ rev }) => [`template ${name} is stored as version ${rev}`]);
    });

  template
    .command('remove')
    .description('remove a template: requests that name it are refused from now on')
    .argument('<name>')
    .option(...EXPECTED)
    .addHelpText('after', examples('sluice template remove careful'))
    .action(async (name: string, options: Changing, command: Command) => {
      const shell = shellOf(command, surroundings);
      const done = await shell.api.call<Done>('removeTemplate', { path: { name }, headers: headersOf(options) });
      show(shell, done, () => [`template ${name} is removed`]);
    });
}

async function all({ api }: Shell): Promise<readonly StoredTemplate[]> {
  const rows: StoredTemplate[] = [];
  let cursor: string | undefined;
  do {
    const page: Page<StoredTemplate> = await api.call('listTemplates', { query: { cursor, limit: PAGE } });
    rows.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return rows;
}

const templatesTable = (rows: readonly StoredTemplate[]): string[] =>
  table(
    ['NAME', 'VERSION', 'FROM', 'STORED', 'SAYS'],
    rows.map(({ name, version, source, storedAt, fields }) => [
      name,
      version,
      source,
      instant(storedAt),
      Object.keys(fields).join(', ') || 'nothing',
    ]),
  );

const templateText = ({ name, version, source, storedAt, fields }: StoredTemplate): string[] => [
  ...pairs([
    ['template', name],
    ['version', String(version)],
    ['from', source],
    ['stored', instant(storedAt)],
  ]),
  '',
  ...stringify(fields).trimEnd().split('\n'),
];
