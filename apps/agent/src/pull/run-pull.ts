import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { createLogger, systemClock } from '@sluice/observability';

import { readIfThere, writeFileAtomic } from '../files/durable.js';
import type { AgentSettings } from '../run-agent.js';
import { baseEnvironment } from '../host/environment.js';
import { ask, valuesOf } from './asking.js';
import { type Known, Puller, type Values } from './puller.js';

/** How a host pulls. Times in ms. */
export interface PullOptions {
  readonly url: string;
  readonly host: string;
  readonly role: string;
  readonly fleet: string;
  readonly token?: string | undefined;
  /** Holds `desired.json`, what the host is to have, and `actual.json`, what it has got to. */
  readonly dataDir: string;
  readonly everyMs: number;
  /** argv, run with the path of `desired.json` behind it; nothing is run when empty. */
  readonly hook: readonly string[];
  readonly hookTimeoutMs: number;
  /** One question, and the end. */
  readonly once?: boolean;
  readonly logLevel: AgentSettings['logLevel'];
}

const ASK_MS = 20_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** Pulls until it is told to stop (or once). 0, or 1 when the only question came to nothing. */
export async function runPull(options: PullOptions, stopped: Promise<unknown>): Promise<number> {
  const puller = await pullerOf(options);
  if (options.once === true) return (await puller.once()) ? 0 : 1;
  void stopped.then(() => puller.stop());
  await puller.run();
  return 0;
}

export async function pullerOf(options: PullOptions): Promise<Puller> {
  const folder = resolve(options.dataDir);
  const [desired, etag, actual] = ['desired.json', 'desired.etag', 'actual.json'].map((name) => join(folder, name));
  if (desired === undefined || etag === undefined || actual === undefined) throw new TypeError('three files');
  return new Puller({
    clock: systemClock,
    logger: createLogger('agent', options.logLevel),
    everyMs: options.everyMs,
    known: await knownOf(desired, etag),
    reached: await readValues(actual),
    ask: (tag, reached) => ask({ ...options, timeoutMs: ASK_MS }, tag, reached),
    keep: async ({ values, etag: tag }) => {
      // The ETag goes first: with values that are older than it nothing would ever be asked for again.
      await writeFileAtomic(etag, '');
      await writeFileAtomic(desired, `${JSON.stringify(values, null, 2)}\n`);
      await writeFileAtomic(etag, tag);
    },
    converge: () => hook(options, desired),
    reach: (values) => writeFileAtomic(actual, `${JSON.stringify(values, null, 2)}\n`),
  });
}

async function knownOf(desired: string, etag: string): Promise<Known | undefined> {
  const [values, tag] = [await readValues(desired), await readIfThere(etag)];
  return values === undefined || tag === undefined || tag === '' ? undefined : { values, etag: tag };
}

/** A file that cannot be read says nothing: it is asked for anew. */
async function readValues(path: string): Promise<Values | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return valuesOf(text);
  } catch {
    return undefined;
  }
}

async function hook({ hook: argv, hookTimeoutMs, dataDir }: PullOptions, desired: string): Promise<void> {
  const [program, ...args] = argv;
  if (program === undefined) return;
  await promisify(execFile)(program, [...args, desired], {
    cwd: resolve(dataDir),
    env: baseEnvironment(),
    timeout: hookTimeoutMs,
    maxBuffer: MAX_OUTPUT_BYTES,
  });
}
