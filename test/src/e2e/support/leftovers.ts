import { readdir, readFile, readlink } from 'node:fs/promises';

export interface Leftover {
  readonly pid: number;
  readonly command: string;
}

/**
 * Living processes that have to do with a folder: it is in their command line, in their environment, or they work in
 * it. The folder's name must be one that nothing else can mention. Linux only.
 */
export async function processesOf(folder: string): Promise<readonly Leftover[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid) && pid !== process.pid);
  const looks = await Promise.all(pids.map((pid) => look(pid)));
  return looks.flatMap(({ pid, command, rest, zombie }) =>
    !zombie && [command, ...rest].some((text) => text.includes(folder)) ? [{ pid, command }] : [],
  );
}

/** Kills what works inside the folder, such as the apps that outlive their agents. */
export async function endProcessesIn(folder: string): Promise<void> {
  for (const { pid } of await processesOf(folder)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended in the meantime.
    }
  }
}

interface Look {
  readonly pid: number;
  readonly command: string;
  readonly rest: readonly string[];
  readonly zombie: boolean;
}

async function look(pid: number): Promise<Look> {
  const read = (name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
  const [command, environment, stat] = await Promise.all([read('cmdline'), read('environ'), read('stat')]);
  const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => '');
  const zombie = stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  return { pid, command: command.replaceAll('\0', ' ').trim(), rest: [environment, workingDirectory], zombie };
}
