import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fetchProgram, isDebianLike } from './debian.mjs';
import { SetupError } from './errors.mjs';
import { isAtLeast, parseVersion } from './node-version.mjs';

/** 2.9 has no `sync_interval` in its JetStream configuration, so it cannot fsync before it acknowledges. */
export const MINIMUM_SERVER = '2.10.0';

/**
 * @typedef {{ path: string, version: string }} Server
 * @typedef {{ env: Record<string, string | undefined>, root: string }} Machine
 * @typedef {{ kind: 'found', server: Server } | { kind: 'old', server: Server } | { kind: 'missing' }} Search
 */

/** @param {string} root */
export const cachedServerPath = (root) => join(root, '.cache', 'nats-server', 'nats-server');

/** @param {string} root */
const recordPath = (root) => join(root, '.cache', 'nats-server.json');

/**
 * Looks in SLUICE_NATS_SERVER, then PATH, then .cache. A server that is too old is only what is left when nothing
 * newer is found; one that SLUICE_NATS_SERVER names is taken at its word.
 *
 * @param {Machine} machine
 * @returns {Search}
 */
export function findServer(machine) {
  const named = machine.env['SLUICE_NATS_SERVER'];
  if (named) return classify(namedServer(named));
  const candidates = [...onPath(machine.env['PATH'] ?? ''), cachedServerPath(machine.root)];
  const searches = candidates.flatMap((path) => {
    const version = versionOf(path);
    return version === undefined ? [] : [classify({ path, version })];
  });
  return searches.find((search) => search.kind === 'found') ?? searches[0] ?? { kind: 'missing' };
}

/**
 * Finds or fetches a server and writes its path to .cache/nats-server.json for the programs that start it.
 *
 * @param {Machine} machine
 * @param {(line: string) => void} say
 * @param {(root: string, say: (line: string) => void) => void} [fetch]
 * @returns {Server}
 */
export function prepareServer(machine, say, fetch = fetchServer) {
  const search = findServer(machine);
  const server = search.kind === 'found' ? search.server : obtain(machine, search, say, fetch);
  record(machine.root, server);
  return server;
}

/**
 * @param {Machine} machine
 * @param {Exclude<Search, { kind: 'found' }>} search
 * @param {(line: string) => void} say
 * @param {(root: string, say: (line: string) => void) => void} fetch
 * @returns {Server}
 */
function obtain(machine, search, say, fetch) {
  const wasNamed = Boolean(machine.env['SLUICE_NATS_SERVER']);
  const cause = wasNamed ? undefined : tryFetch(machine.root, say, fetch);
  const version = versionOf(cachedServerPath(machine.root));
  if (!wasNamed && version !== undefined && isAtLeast(version, MINIMUM_SERVER)) {
    return { path: cachedServerPath(machine.root), version };
  }
  if (search.kind === 'old') {
    say(oldServerWarning(search.server));
    return search.server;
  }
  throw new SetupError(missingServerMessage(cause));
}

/**
 * @param {string} root
 * @param {(line: string) => void} say
 * @param {(root: string, say: (line: string) => void) => void} fetch
 * @returns {string | undefined} why there is none
 */
function tryFetch(root, say, fetch) {
  try {
    fetch(root, say);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * @param {string} root
 * @param {(line: string) => void} say
 */
function fetchServer(root, say) {
  if (!isDebianLike()) throw new Error('this system has no apt-get and dpkg-deb to fetch it with');
  fetchProgram(root, 'nats-server', say);
}

/** @param {Server} server */
export function oldServerWarning(server) {
  return [
    `WARNING: ${server.path} is nats-server ${server.version}, older than ${MINIMUM_SERVER}.`,
    'WARNING: it cannot sync each write to disk: writes that Sluice has acknowledged may be LOST on a power failure.',
    'WARNING: use it for a trial only, and set SLUICE_NATS_SERVER to a newer one for anything else.',
  ].join('\n');
}

/** @param {string | undefined} cause */
export function missingServerMessage(cause) {
  return [
    `No nats-server ${MINIMUM_SERVER} or newer was found${cause ? `, and none could be fetched: ${cause}` : ''}.`,
    'Install one in any of these ways and run the command again:',
    '  1. the package `nats-server` of your system (Debian 13, Ubuntu 25.04, Fedora, Alpine; `brew install nats-server`)',
    '  2. the program from https://github.com/nats-io/nats-server/releases, put on your PATH',
    '  3. any other place, with SLUICE_NATS_SERVER=/path/to/nats-server',
  ].join('\n');
}

/**
 * @param {string} named
 * @returns {Server}
 */
function namedServer(named) {
  const path = resolve(named);
  const hint = 'Correct the variable, or unset it to have a nats-server found or fetched.';
  if (!existsSync(path)) throw new SetupError(`SLUICE_NATS_SERVER names ${path}, which does not exist. ${hint}`);
  const version = versionOf(path);
  if (version !== undefined) return { path, version };
  throw new SetupError(`SLUICE_NATS_SERVER names ${path}, which does not run as a nats-server. ${hint}`);
}

/** @param {Server} server */
function classify(server) {
  const kind = isAtLeast(server.version, MINIMUM_SERVER)
    ? /** @type {const} */ ('found')
    : /** @type {const} */ ('old');
  return { kind, server };
}

/** @param {string} path */
function onPath(path) {
  const name = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  // Debian puts the server into /usr/sbin, which is not on an ordinary user's PATH.
  const all = process.platform === 'win32' ? folders : [...folders, '/usr/local/sbin', '/usr/sbin'];
  return [...new Set(all)].map((folder) => resolve(folder, name));
}

/**
 * @param {string} path
 * @returns {string | undefined} nothing when it is no nats-server that runs here
 */
export function versionOf(path) {
  if (!isExecutableFile(path)) return undefined;
  const result = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  if (result.status !== 0 || !result.stdout.includes('nats-server')) return undefined;
  return parseVersion(result.stdout)?.join('.');
}

/** @param {string} path */
function isExecutableFile(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * @param {string} root
 * @param {Server} server
 */
function record(root, server) {
  const file = recordPath(root);
  const text = `${JSON.stringify(server, null, 2)}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
