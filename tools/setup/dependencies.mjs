import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './errors.mjs';

/** @typedef {{ version?: string, link?: boolean, optional?: boolean, peer?: boolean, devOptional?: boolean }} LockEntry */

const STAMP = '.sluice-installed';

/**
 * Installed means: our stamp names this very lock file, or npm's own record of node_modules has everything that the
 * lock file wants (somebody ran `npm install` by hand). Contents are compared and not times: a checkout changes times.
 *
 * @param {string} root
 */
export function isInstalled(root) {
  const modules = join(root, 'node_modules');
  const record = join(modules, '.package-lock.json');
  if (!existsSync(record)) return false;
  const stamp = join(modules, STAMP);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash(root)) return true;
  return covers(packagesOf(record), packagesOf(join(root, 'package-lock.json')));
}

/**
 * Runs `npm ci` when it is needed.
 *
 * @param {string} root
 * @param {(line: string) => void} say
 */
export function installDependencies(root, say) {
  if (isInstalled(root)) return;
  say('Installing the dependencies (npm ci) ...');
  const npm = npmCommand();
  const args = [
    ...npm.args,
    'ci',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--loglevel=error',
  ];
  const result = spawnSync(npm.command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) {
    const cause = result.error ? ` (${result.error.message})` : '';
    throw new SetupError(
      `npm ci failed${cause}. Its own message is above; when it is about the network, check npm's registry and proxy ` +
        'settings with `npm ping`, then run the command again.',
    );
  }
  writeFileSync(join(root, 'node_modules', STAMP), lockHash(root));
}

/** Under `npm run` the npm that runs us, else the one on PATH. */
function npmCommand() {
  const own = process.env['npm_execpath'];
  if (own && /npm-cli\.[cm]?js$/.test(own)) return { command: process.execPath, args: [own] };
  return { command: 'npm', args: [] };
}

/** @param {string} root */
function lockHash(root) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

/**
 * @param {string} file
 * @returns {Record<string, LockEntry>}
 */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}

/**
 * @param {Record<string, LockEntry>} installed
 * @param {Record<string, LockEntry>} wanted
 */
function covers(installed, wanted) {
  return Object.entries(wanted).every(([path, entry]) => {
    const mayBeAbsent = path === '' || entry.optional || entry.devOptional || entry.peer;
    const present = installed[path];
    return present ? present.version === entry.version : mayBeAbsent || !path.startsWith('node_modules/');
  });
}
