#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import { loadConfig } from '@sluice/config';
import { messageOf } from '@sluice/kernel';
import { newUlid } from '@sluice/observability';

import { run } from './run.js';

const interrupted = new AbortController();
const args = process.argv.slice(2);
// Services and `up` have their own way to stop.
if (args.includes('watch') || args.includes('replay')) process.once('SIGINT', () => interrupted.abort());
// `sluice history ID | head`: whoever read has read enough.
process.stdout.once('error', () => process.exit());

const terminal = {
  columns: () => process.stdout.columns,
  write: (piece: string) => process.stdout.write(piece),
};

try {
  const config = loadConfig();
  process.exitCode = await run(args, {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    defaultUrl: config.apiUrl,
    defaultToken: config.apiToken,
    newId: newUlid,
    now: Date.now,
    sleep: (ms) => sleep(ms),
    readText: (file) => (file === '-' ? text(process.stdin) : readFile(file, 'utf8')),
    interrupted: interrupted.signal,
    ...(process.stdout.isTTY ? { terminal } : {}),
  });
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
