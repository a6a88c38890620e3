import { userInfo } from 'node:os';

import {
  EXPORT_FORMATS,
  type Exported,
  type ExportFilter,
  type ExportFormat,
  exportLog,
  verifyExports,
} from '@sluice/audit';
import { type Command, Option } from 'commander';

import { EXIT } from '../client/exit.js';
import { examples, shellOf, show, type Surroundings } from '../commands/shell.js';
import { reading, type SourceOptions, withSource } from './source.js';
import { timeOf } from './time.js';
import { progressOn } from './verify.js';

interface Options extends SourceOptions {
  readonly since?: string;
  readonly until?: string;
  readonly app?: string;
  readonly group?: string;
  readonly by?: string;
  readonly format: ExportFormat;
  readonly out: string;
}

export function addExport(audit: Command, surroundings: Surroundings): void {
  withSource(
    audit
      .command('export')
      .description(
        'writes what happened into files, with a manifest that names the one before; who does it is recorded',
      ),
  )
    .option('--since <time>', 'from then on: 30d ago (`30d`), or a time (2026-01-31T12:00:00Z)')
    .option('--until <time>', 'before then')
    .option('--app <name>', 'of that app')
    .option('--group <name>', 'of that group')
    .option('--by <who>', 'what that actor did: ana, or user:ana')
    .addOption(new Option('--format <format>', 'of the files').choices(EXPORT_FORMATS).default('jsonl'))
    .requiredOption('--out <folder>', 'exports into one folder are a chain')
    .addHelpText(
      'after',
      examples(
        'sluice audit export --since 90d --format csv --out exports',
        'sluice audit export --app shop --by user:ana --format parquet --out exports --archive var/archive',
        'sluice audit export --format commits --out copy && sluice audit verify copy',
      ),
    )
    .action(async (source: string | undefined, options: Options, command: Command) => {
      // The actor of any command is who gives it; without one, the user of this machine.
      const { actor = `user:${userInfo().username}` } = command.optsWithGlobals<{ readonly actor?: string }>();
      const exported = await written(source, { ...options, actor }, surroundings);
      show(shellOf(command, surroundings), exported.manifest, () => textOf(exported, options.out));
    });
}

async function written(
  source: string | undefined,
  options: Options & { readonly actor: string },
  surroundings: Surroundings,
): Promise<Exported> {
  const { format, out: folder, actor: by } = options;
  const at = surroundings.now();
  const filter = filterOf(options, at);
  return reading(source, options, async (log) => {
    const record = { id: surroundings.newId(), at, by, what: 'export', format, filter } as const;
    const access = await log.record?.(record);
    const progress = progressOn(surroundings);
    const parts = { folder, format, filter, at, progress };
    return exportLog(() => log.whole(), access === undefined ? parts : { ...parts, access });
  });
}

function filterOf({ since, until, app, group, by }: Options, now: number): ExportFilter {
  return {
    ...(since === undefined ? {} : { since: timeOf(since, now) }),
    ...(until === undefined ? {} : { until: timeOf(until, now) }),
    ...(app === undefined ? {} : { app }),
    ...(group === undefined ? {} : { group }),
    ...(by === undefined ? {} : { actor: by }),
  };
}

const textOf = ({ file, manifest }: Exported, folder: string): readonly string[] => [
  `${manifest.rows} ${manifest.format === 'commits' ? 'commits' : 'events'} in ${manifest.parts.length} files of ${folder}, named in ${file}`,
  `read: ${manifest.log.commits} commits with the root ${manifest.log.root}`,
  ...(manifest.access === undefined ? [] : [`recorded in ${manifest.access.stream} at ${manifest.access.position}`]),
];

export function addVerifyExport(audit: Command, surroundings: Surroundings): void {
  audit
    .command('verify-export')
    .description(
      'every file of the exports in a folder against its manifest, and the chain of those (exit 9 for a fault)',
    )
    .argument('<folder>')
    .addHelpText('after', examples('sluice audit verify-export exports', 'sluice audit verify-export exports -o json'))
    .action(async (folder: string, _options: object, command: Command) => {
      const verdict = await verifyExports(folder);
      const { exports, parts, rows, faults } = verdict;
      show(shellOf(command, surroundings), verdict, () => [
        `${exports} exports, ${parts} files, ${rows} rows`,
        ...faults.map((fault) => `FAULT: ${fault}`),
        faults.length === 0 ? 'whole: nothing is missing and nothing was changed' : `${faults.length} faults`,
      ]);
      if (faults.length > 0) surroundings.end(EXIT.altered);
    });
}
