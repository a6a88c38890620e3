import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';

import type { NatsConnection } from '@nats-io/nats-core';
import { archivedLog, type CommitSource, exportedCommits, inLogOrder, withoutPruned } from '@sluice/audit';
import { loadConfig, type SluiceConfig } from '@sluice/config';
import { DirectoryArchiveStore, type OpenedEventLog, openEventLog, rawLog } from '@sluice/event-log';
import { isSluiceError, messageOf } from '@sluice/kernel';
import type { AccessDraft, Recorded } from '@sluice/messaging';
import type { Command } from 'commander';

import { CliError } from '../client/exit.js';
import { couldNot } from './files.js';

export interface SourceOptions {
  readonly nats?: string;
  readonly archive?: string;
  readonly mirror?: string;
}

/** A log that can be read more than once. */
export interface OpenedSource {
  readonly name: string;
  /** Every commit that can be read. */
  read(): CommitSource;
  /** With what is left of those that were pruned from the archive: chains and trees need them. */
  whole(): CommitSource;
  /** Writes down who takes what out of it; absent for what is read from files. */
  record?(access: Omit<AccessDraft, 'account'>): Promise<Recorded>;
  /** False where positions say nothing of how many commits there are. */
  readonly isDense?: boolean;
  /** An archive without its live log, where groups go on: of them it has what they said before a checkpoint. */
  readonly isArchiveAlone?: boolean;
  close(): Promise<void>;
}

/** That nothing could be read says nothing about what stands in the log. */
const OUT_OF_REACH: ReadonlySet<string> = new Set([
  'NATS_UNAVAILABLE',
  'NATS_REFUSED',
  'LOG_MISSING',
  'LOG_UNAVAILABLE',
  'ARCHIVE_UNAVAILABLE',
]);

export const withSource = (command: Command): Command =>
  command
    .argument('[source]', 'folder of an archive, or file of an export (also .gz); the live log when left out')
    .option('--nats <url>', 'where NATS listens (SLUICE_NATS_URL)')
    .option('--mirror <stream>', 'a mirror of the log in the account of auditors, by the name of its stream')
    .option('--archive <folder>', 'what was moved from the live log into that archive, put before it (SLUICE_ARCHIVE)');

/** Opens it, has it used, and closes it whatever comes. */
export async function reading<T>(
  source: string | undefined,
  options: SourceOptions,
  use: (log: OpenedSource) => Promise<T>,
): Promise<T> {
  const log = source === undefined ? await liveLog(options) : await stored(source);
  try {
    const whole = (): CommitSource => withinReach(log.read());
    return await use({ ...log, whole, read: () => withoutPruned(whole()) });
  } finally {
    await log.close();
  }
}

async function* withinReach(commits: CommitSource): CommitSource {
  try {
    yield* commits;
  } catch (error) {
    if (isSluiceError(error) && !OUT_OF_REACH.has(error.code)) throw error;
    throw error instanceof CliError ? error : couldNot(`the log cannot be read: ${messageOf(error)}`);
  }
}

type StoredSource = Omit<OpenedSource, 'whole'>;

async function stored(source: string): Promise<StoredSource> {
  const found = await stat(source).catch(() => undefined);
  if (found === undefined) throw couldNot(`there is no file and no folder ${source}`);
  if (!found.isDirectory()) return exportIn(source, [source]);
  const names = await readdir(source);
  if (!names.includes('segments')) return exportIn(source, commitFiles(source, names));
  const store = new DirectoryArchiveStore(source);
  return { name: source, isArchiveAlone: true, read: () => archivedLog(store), close: () => store.close() };
}

const exportIn = (name: string, files: readonly string[]): StoredSource => ({
  ...{ name, read: () => exportedCommits(chunksOf(files)), close: async () => {} },
});

/** Of the last export of commits in a folder. */
function commitFiles(folder: string, names: readonly string[]): readonly string[] {
  const parts = names.filter((name) => /^\d{6}-\d{4,}\.commits\.jsonl$/.test(name)).toSorted();
  const last = parts.at(-1)?.slice(0, 7);
  if (last === undefined) throw couldNot(`${folder} is no archive and no export of commits (--format commits)`);
  return parts.filter((name) => name.startsWith(last)).map((name) => join(folder, name));
}

async function* chunksOf(files: readonly string[]): AsyncIterable<Uint8Array> {
  for (const file of files) {
    const stream = createReadStream(file);
    yield* file.endsWith('.gz') ? stream.pipe(createGunzip()) : stream;
  }
}

async function liveLog(options: SourceOptions): Promise<StoredSource> {
  const config = loadConfig();
  const nats = await connected(options.nats ?? config.natsUrl, config);
  const account = /^[^:]*/.exec(config.natsCredentials)?.[0] ?? '';
  const record = (access: Omit<AccessDraft, 'account'>) => recorded(nats, { ...access, account });
  const folder = options.archive ?? config.archive;
  const store = folder === undefined ? undefined : new DirectoryArchiveStore(folder);
  const live = await liveReader(options, config, nats);
  return {
    name: folder === undefined ? 'the live log' : `the live log and ${folder}`,
    read: () => (store === undefined ? live.raw() : inLogOrder([archivedLog(store), live.raw()])),
    record,
    // Positions of KurrentDB are bytes of its file.
    isDense: config.log === 'nats',
    close: async () => {
      await store?.close();
      await live.close();
      await nats.close();
    },
  };
}

/** The log itself, or its mirror in the account of auditors; `close` ends what was opened for it alone. */
async function liveReader(
  { mirror }: SourceOptions,
  config: SluiceConfig,
  nats: NatsConnection,
): Promise<Pick<OpenedEventLog, 'raw' | 'close'>> {
  const { log: url, logCredentials } = config;
  if (url === 'nats') return { raw: () => rawLog(nats, 1, mirror), close: async () => {} };
  if (mirror !== undefined) throw couldNot('a log on KurrentDB has no mirror on NATS: leave --mirror out');
  return openEventLog({ url, credentials: logCredentials }, nats);
}

async function recorded(nats: NatsConnection, access: AccessDraft): Promise<Recorded> {
  const { recordAccess } = await import('@sluice/messaging');
  try {
    return await recordAccess(nats, access);
  } catch (error) {
    throw couldNot(`nothing is exported: ${messageOf(error)}`);
  }
}

export async function connected(servers: string, { natsWait: waitMs, natsCredentials }: SluiceConfig) {
  // What reads files alone starts without what speaks to NATS.
  const { connectNats, loginOf, silentLog } = await import('@sluice/messaging');
  const login = loginOf(natsCredentials);
  try {
    return await connectNats({ servers, name: 'sluice audit', waitMs, log: silentLog, ...login });
  } catch (error) {
    throw couldNot(messageOf(error));
  }
}
