import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { SluiceError } from '@sluice/kernel';

import type { Environment } from './load.js';

/** A nats-server program and its version, e.g. `2.10.27`. */
export interface NatsServerProgram {
  readonly path: string;
  readonly version: string;
}

export interface ResolveOptions {
  readonly env?: Environment;
  /** Folders whose parents are searched for `.cache/nats-server.json`; the working folder and this file by default. */
  readonly from?: readonly string[];
}

/**
 * The nats-server to start: SLUICE_NATS_SERVER, then what the set-up recorded in .cache/nats-server.json, then PATH.
 * Code NATS_SERVER_MISSING when there is none, or when the one that SLUICE_NATS_SERVER names does not run.
 */
export function resolveNatsServer(options: ResolveOptions = {}): NatsServerProgram {
  const env = options.env ?? process.env;
  const named = env['SLUICE_NATS_SERVER'];
  if (named) return program(resolve(named)) ?? missing('SLUICE_NATS_SERVER names a program that does not run as one');
  const from = options.from ?? [process.cwd(), dirname(fileURLToPath(import.meta.url))];
  for (const path of [...from.flatMap(recorded), ...onPath(env['PATH'] ?? '')]) {
    const found = program(path);
    if (found !== undefined) return found;
  }
  return missing('neither the set-up nor PATH has one');
}

/** What the set-up wrote in that folder or the nearest one above it. */
function recorded(folder: string): readonly string[] {
  for (let current = resolve(folder); ; current = dirname(current)) {
    const path = recordIn(current);
    if (path !== undefined) return [path];
    if (current === dirname(current)) return [];
  }
}

function recordIn(folder: string): string | undefined {
  try {
    const record: unknown = JSON.parse(readFileSync(join(folder, '.cache', 'nats-server.json'), 'utf8'));
    return typeof record === 'object' && record !== null && 'path' in record && typeof record.path === 'string'
      ? record.path
      : undefined;
  } catch {
    return undefined;
  }
}

function onPath(path: string): readonly string[] {
  // Debian puts the server into /usr/sbin, which is not on an ordinary user's PATH.
  const folders = [...path.split(delimiter), '/usr/local/sbin', '/usr/sbin'];
  return folders.filter((folder) => folder !== '').map((folder) => resolve(folder, 'nats-server'));
}

function program(path: string): NatsServerProgram | undefined {
  try {
    accessSync(path, constants.X_OK);
    if (!statSync(path).isFile()) return undefined;
  } catch {
    return undefined;
  }
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  const version = /nats-server:? v?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  return status === 0 && version !== undefined ? { path, version } : undefined;
}

function missing(why: string): never {
  const message = [
    `no nats-server can be started: ${why}. Do one of these and start again:`,
    '  1. run `npm run setup`, which finds one or fetches it into .cache',
    '  2. install the package `nats-server` of your system, or put the released program on your PATH',
    '  3. set SLUICE_NATS_SERVER to the path of a nats-server 2.10 or newer',
  ].join('\n');
  throw new SluiceError('NATS_SERVER_MISSING', message);
}
