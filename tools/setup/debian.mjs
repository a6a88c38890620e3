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
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export function isDebianLike() {
  return ['apt-get', 'dpkg-deb'].every((tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0);
}

/** @typedef {{ package: string, files: readonly string[] }} Program a package, and where in it the program may be */

/** @satisfies {Record<string, Program>} */
export const programs = {
  'nats-server': { package: 'nats-server', files: ['usr/sbin/nats-server', 'usr/bin/nats-server'] },
  'docker-compose': { package: 'docker-compose', files: ['usr/libexec/docker/cli-plugins/docker-compose'] },
};

/**
 * Unpacks a program of a package into .cache/<name>/<name>. Needs no rights and changes nothing of the system: apt gets
 * folders of its own, and uses the machine's proxies, credentials and mirror.
 *
 * @param {string} root
 * @param {keyof typeof programs} name
 * @param {(line: string) => void} say
 */
export function fetchProgram(root, name, say) {
  say(`Fetching ${name} (a Debian package, unpacked into .cache; the system is not changed) ...`);
  const work = mkdtempSync(join(tmpdir(), 'sluice-setup-'));
  try {
    const failures = [];
    for (const mirror of mirrors()) {
      const failure = download(work, mirror, programs[name].package);
      if (failure === undefined) return install(unpack(work, programs[name]), root, name);
      failures.push(failure);
    }
    throw new Error(failures.length === 0 ? 'apt knows no mirror of Debian' : failures.join('; '));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * The machine's own mirrors of Debian, without those of security updates. Asked by the files that an update would fetch:
 * that also answers on a machine whose lists have never been fetched.
 */
function mirrors() {
  const result = spawnSync('apt-get', ['update', '--print-uris'], { encoding: 'utf8' });
  const bases = (result.stdout ?? '').split('\n').flatMap((line) => /^'([^']+?)\/?\/dists\//.exec(line)?.[1] ?? []);
  return [...new Set(bases.filter((base) => base.endsWith('debian')))];
}

/**
 * @param {string} work
 * @param {string} mirror
 * @param {string} name
 * @returns {string | undefined} why it failed
 */
function download(work, mirror, name) {
  const options = privateFolders(work);
  const trust = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : '';
  writeFileSync(join(work, 'sources.list'), `deb ${trust}${mirror} ${SUITE} main\n`);
  for (const action of [['update'], ['download', name]]) {
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
 * @param {Program} program
 */
function unpack(work, program) {
  const deb = readdirSync(work).find((name) => name.endsWith('.deb'));
  if (!deb) throw new Error('apt-get downloaded no package');
  const result = spawnSync('dpkg-deb', ['-x', join(work, deb), join(work, 'unpacked')], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`dpkg-deb failed: ${lastErrorOf(result.stderr)}`);
  const binary = program.files.map((file) => join(work, 'unpacked', file)).find((path) => existsSync(path));
  if (!binary) throw new Error(`the package ${program.package} holds none of ${program.files.join(', ')}`);
  return binary;
}

/**
 * Copied under another name and then moved: an interrupted copy is never mistaken for the program.
 *
 * @param {string} binary
 * @param {string} root
 * @param {string} name
 */
function install(binary, root, name) {
  const folder = join(root, '.cache', name);
  mkdirSync(folder, { recursive: true });
  const partial = join(folder, `${name}.${process.pid}.partial`);
  copyFileSync(binary, partial);
  chmodSync(partial, 0o755);
  renameSync(partial, join(folder, name));
}
