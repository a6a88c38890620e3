#!/usr/bin/env node
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDependencies } from './dependencies.mjs';
import { SetupError } from './errors.mjs';
import { prepareServer } from './nats-server.mjs';
import { nodeComplaint } from './node-version.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Everything goes to stderr: what a command prints on stdout stays its own. */
const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);

function main() {
  const complaint = nodeComplaint(process.version);
  if (complaint) throw new SetupError(complaint);
  installDependencies(root, say);
  prepareServer({ env: process.env, root }, say);
}

try {
  main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
