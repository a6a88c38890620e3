import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** A program that the demo runs. It is ended by its process id and by nothing else. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
}

/** How long a program may take to end before it is killed. */
const GRACE_MS = 10_000;

/** Starts the programs of the demo, keeps what they print in files, and ends every one of them. */
export class Processes {
  private readonly running = new Set<Running>();

  constructor(private readonly logs: string) {}

  /** Node with these arguments; what it prints goes to `<name>.log`. */
  node(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    const log = createWriteStream(join(this.logs, `${name}.log`), { flags: 'a' });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    const running: Running = {
      name,
      pid: child.pid ?? 0,
      exited: exitOf(child),
      kill: (signal) => void child.kill(signal),
    };
    this.running.add(running);
    void running.exited.then(() => {
      this.running.delete(running);
      log.end();
    });
    return running;
  }

  /** SIGTERM, and SIGKILL for what does not listen. */
  async end(running: Running): Promise<void> {
    running.kill('SIGTERM');
    const timer = setTimeout(() => running.kill('SIGKILL'), GRACE_MS);
    await running.exited;
    clearTimeout(timer);
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.running].map((running) => this.end(running)));
  }
}

const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', () => resolve(null));
  });

/** Ports of this machine that nobody listens on now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Asks until the answer is not undefined. Throws with `what` when that takes too long. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, withinMs = 60_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`it took more than ${withinMs} ms: ${what}`);
    await pause(100);
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
