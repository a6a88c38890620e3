#!/usr/bin/env node
/** For continuous integration: gets the compose program that checks docker-compose.yml, where docker has none. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchProgram, isDebianLike } from './debian.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);

const isThere =
  existsSync(join(root, '.cache', 'docker-compose', 'docker-compose')) ||
  spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status === 0;

try {
  if (!isThere && isDebianLike()) fetchProgram(root, 'docker-compose', say);
} catch (error) {
  say(`note: could not fetch docker-compose (${error instanceof Error ? error.message : String(error)})`);
}
