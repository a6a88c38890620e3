import { loadConfig } from '@sluice/config';
import { messageOf } from '@sluice/kernel';
import type { AccessEntry } from '@sluice/messaging';
import type { Command } from 'commander';

import { examples, shellOf, show, type Surroundings } from '../commands/shell.js';
import { couldNot } from './files.js';
import { connected } from './source.js';
import { timeOf } from './time.js';

interface Options {
  readonly nats?: string;
  readonly since?: string;
  readonly by?: string;
  readonly limit: string;
}

const MAX_LIMIT = 100_000;

export function addAccess(audit: Command, surroundings: Surroundings): void {
  audit
    .command('access')
    .description('who took what out of the log, and who read history, decisions and records over the API')
    .option('--nats <url>', 'where NATS listens (SLUICE_NATS_URL)')
    .option('--since <time>', 'from then on: 30d ago (`30d`), or a time (2026-01-31T12:00:00Z)')
    .option('--by <who>', 'of that reader: ana, or user:ana')
    .option('--limit <count>', 'the last so many', '1000')
    .addHelpText('after', examples('sluice audit access --since 30d', 'sluice audit access --by user:ana -o json'))
    .action(async (options: Options, command: Command) => {
      const entries = await lastOf(options, surroundings.now());
      show(shellOf(command, surroundings), entries, () => entries.map(lineOf));
    });
}

async function lastOf(options: Options, now: number): Promise<readonly AccessEntry[]> {
  const { nats: url, since, by, limit } = options;
  const most = Math.min(MAX_LIMIT, Math.max(1, Number(limit) || 0));
  const from = since === undefined ? undefined : timeOf(since, now);
  const config = loadConfig();
  const nats = await connected(url ?? config.natsUrl, config);
  const { accessEntries } = await import('@sluice/messaging');
  try {
    return await last(accessEntries(nats, from), most, (entry) => by === undefined || isBy(entry, by));
  } catch (error) {
    throw couldNot(messageOf(error));
  } finally {
    await nats.close();
  }
}

const isBy = ({ by = '' }: AccessEntry, who: string): boolean => by === who || by.split(':')[1] === who;

async function last<T>(all: AsyncIterable<T>, most: number, fits: (one: T) => boolean): Promise<readonly T[]> {
  const kept: T[] = [];
  for await (const one of all) {
    if (fits(one)) kept.push(one);
    if (kept.length > 2 * most) kept.splice(0, most);
  }
  return kept.slice(-most);
}

function lineOf({ position, at = 0, by = '?', ...entry }: AccessEntry): string {
  return `${position}  ${new Date(at).toISOString()}  ${by}  ${whatOf(entry)}${knownAs(entry)}`;
}

function whatOf({ what, format, filter, operation, subject }: Partial<AccessEntry>): string {
  if (what === 'read') return `read ${operation ?? '?'}${subject === undefined ? '' : ` of ${subject}`}`;
  const narrowed = JSON.stringify(filter ?? {});
  return `${what ?? '?'} ${format ?? ''}${narrowed === '{}' ? '' : ` ${narrowed}`}`.trimEnd();
}

/** As the server of NATS knows the reader, or as his token is named. */
function knownAs({ server, account = '' }: Partial<AccessEntry>): string {
  if (server !== undefined) return `  (${server.account}/${server.user})`;
  return account === '' ? '' : `  (${account})`;
}
