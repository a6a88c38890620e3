import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What the agent asks the machine about processes. */
export interface ProcessTable {
  /**
   * Tells one life of a pid from the next: boot and start time of the process that lives under it now. Undefined when
   * none does; a zombie does not live.
   */
  lifeOf(pid: number): Promise<string | undefined>;
  /** Living processes of a process group. */
  membersOf(group: number): Promise<readonly number[]>;
  /** Living processes that were started with all these `NAME=value`; undefined where the machine does not tell. */
  withEnvironment(entries: readonly string[]): Promise<readonly number[] | undefined>;
  /** SIGTERM or SIGKILL to a pid, or to a group when it is negative; false when there is none. */
  signal(pid: number, signal: NodeJS.Signals): boolean;
}

export const processTable = (): ProcessTable =>
  platform() === 'linux' ? new LinuxProcessTable() : new PosixProcessTable();

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

interface Stat {
  readonly state: string;
  readonly group: number;
  readonly start: string;
}

class LinuxProcessTable implements ProcessTable {
  private boot: Promise<string> | undefined;

  async lifeOf(pid: number): Promise<string | undefined> {
    const stat = await statOf(pid);
    if (stat === undefined) return undefined;
    // Start times count from boot: without the boot's id a pid of an earlier boot could look like one of now.
    this.boot ??= readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
      (text) => text.trim(),
      () => 'boot',
    );
    return `${await this.boot}:${stat.start}`;
  }

  async membersOf(group: number): Promise<readonly number[]> {
    return filterPids(async (pid) => (await statOf(pid))?.group === group);
  }

  async withEnvironment(entries: readonly string[]): Promise<readonly number[]> {
    return filterPids(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      if (environment === '') return false;
      const have = new Set(environment.split('\0'));
      return entries.every((entry) => have.has(entry)) && (await statOf(pid)) !== undefined;
    });
  }

  signal(pid: number, signal: NodeJS.Signals): boolean {
    return send(pid, signal);
  }
}

async function filterPids(wanted: (pid: number) => Promise<boolean>): Promise<readonly number[]> {
  const names = await readdir('/proc');
  const pids = names.map(Number).filter((pid) => Number.isInteger(pid) && pid !== process.pid);
  const flags = await Promise.all(pids.map(wanted));
  return pids.filter((_, i) => flags[i]);
}

/** /proc/<pid>/stat: the name in parentheses may hold spaces and parentheses, so count from the last one. */
async function statOf(pid: number): Promise<Stat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, , group] = fields;
  const start = fields[19];
  if (state === undefined || start === undefined || state === 'Z' || state === 'X') return undefined;
  return { state, group: Number(group), start };
}

/** Everything else that has `ps`: no look into environments, so only groups are found. */
class PosixProcessTable implements ProcessTable {
  async lifeOf(pid: number): Promise<string | undefined> {
    const lines = await ps(['-o', 'stat=,lstart=', '-p', String(pid)]);
    const match = /^\s*(\S+)\s+(.+?)\s*$/.exec(lines[0] ?? '');
    return match?.[1] === undefined || match[1].startsWith('Z') ? undefined : match[2];
  }

  async membersOf(group: number): Promise<readonly number[]> {
    const rows = (await ps(['-A', '-o', 'pid=,pgid=,stat='])).map((line) => line.trim().split(/\s+/));
    return rows
      .filter(([, pgid, stat]) => Number(pgid) === group && stat?.startsWith('Z') === false)
      .map(([pid]) => Number(pid));
  }

  withEnvironment(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  signal(pid: number, signal: NodeJS.Signals): boolean {
    return send(pid, signal);
  }
}

async function ps(args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await run('ps', [...args], { env: { LC_ALL: 'C', PATH: '/bin:/usr/bin' } }).catch(() => ({
    stdout: '',
  }));
  return stdout.split('\n').filter((line) => line.trim() !== '');
}
