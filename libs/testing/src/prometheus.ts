import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What it scrapes at `/metrics`: `host:port`, and the labels that its series get besides `job` and `instance`. */
export interface PrometheusTarget {
  readonly address: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface PrometheusOptions {
  /** A job is a name for targets of one kind. */
  readonly jobs: Readonly<Record<string, readonly PrometheusTarget[]>>;
  /** 200 ms when absent. */
  readonly scrapeMs?: number;
}

/** A real Prometheus on loopback. */
export interface RunningPrometheus {
  /** `http://127.0.0.1:<port>`; stays the same over a restart. */
  readonly url: string;
  /** Other targets from now on; it has noticed within a moment. */
  retarget(jobs: PrometheusOptions['jobs']): Promise<void>;
  /** SIGSTOP: connections are taken and nothing is answered. */
  pause(): Promise<void>;
  resume(): void;
  /** SIGKILL: nobody listens any more. */
  kill(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

const READY_MS = 45_000;
const TRIES = 3;

/** Tests that need one are skipped by name then, with `NO_PROMETHEUS` said aloud. */
export const prometheusMissing = (): boolean => spawnSync('sh', ['-c', 'command -v prometheus']).status !== 0;
export const NO_PROMETHEUS =
  'skipped: no prometheus here (apt-get install prometheus), metric sources are not checked\n';

/** Starts one for a test, ready to be asked. An error says what it said. */
export async function startPrometheus({ jobs, scrapeMs = 200 }: PrometheusOptions): Promise<RunningPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-prometheus-'));
  const removed = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 5 });
  const retarget = (next: PrometheusOptions['jobs']): Promise<void> => writeTargets(folder, next);
  try {
    await retarget(jobs);
    await writeFile(join(folder, 'prometheus.yml'), configText(scrapeMs));
    const { child, url } = await launch(folder);
    const kill = (): Promise<void> => killed(child);
    return {
      url,
      retarget,
      pause: () => paused(child),
      resume: () => void child.kill('SIGCONT'),
      kill,
      stop: async () => {
        await kill();
        await removed();
      },
    };
  } catch (error) {
    await removed();
    throw error;
  }
}

/** Targets come from a file that it watches, each with the name of its job as a label. */
async function writeTargets(folder: string, jobs: PrometheusOptions['jobs']): Promise<void> {
  const groups = Object.entries(jobs).flatMap(([job, targets]) =>
    targets.map(({ address, labels }) => ({ targets: [address], labels: { ...labels, job } })),
  );
  const path = join(folder, 'targets.json');
  await writeFile(`${path}.new`, JSON.stringify(groups));
  await rename(`${path}.new`, path);
}

const configText = (scrapeMs: number): string =>
  [
    'global:',
    `  scrape_interval: ${scrapeMs}ms`,
    `  scrape_timeout: ${scrapeMs}ms`,
    'scrape_configs:',
    '  - job_name: watched',
    '    file_sd_configs:',
    '      - files: [targets.json]',
    '        refresh_interval: 1s',
    '',
  ].join('\n');

interface Launched {
  readonly child: ChildProcess;
  readonly url: string;
}

/** It cannot be told to take any free port and say which: one that was free a moment ago may be gone. */
async function launch(folder: string): Promise<Launched> {
  let said = '';
  for (let i = 0; i < TRIES; i += 1) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const child = spawn(
      'prometheus',
      [
        ...['--config.file', join(folder, 'prometheus.yml'), '--storage.tsdb.path', join(folder, 'data')],
        ...['--web.listen-address', `127.0.0.1:${port}`, '--log.level', 'warn'],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder },
    );
    said = '';
    child.stderr?.on('data', (text: Buffer) => (said = `${said}${text.toString()}`.slice(-8_192)));
    if (await isReady(child, url)) return { child, url };
    await killed(child);
  }
  throw new Error(`prometheus did not start: ${said}`);
}

async function isReady(child: ChildProcess, url: string): Promise<boolean> {
  for (const until = Date.now() + READY_MS; Date.now() < until && isRunning(child);) {
    const signal = AbortSignal.timeout(5_000);
    const answer = await fetch(`${url}/-/ready`, { signal }).then(
      async (response) => ({ ok: response.ok, text: await response.text().catch(() => '') }),
      () => undefined,
    );
    if (answer?.ok === true) return isRunning(child);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

async function killed(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** The signal stops one thread after the other, and one that still runs may still answer. */
async function paused(child: ChildProcess): Promise<void> {
  child.kill('SIGSTOP');
  const tasks = `/proc/${child.pid}/task`;
  for (const until = Date.now() + READY_MS; Date.now() < until;) {
    const threads = await readdir(tasks).catch(() => []);
    const states = await Promise.all(threads.map((id) => readFile(join(tasks, id, 'stat'), 'utf8').catch(() => '')));
    if (states.every((stat) => stat === '' || /\) T/.test(stat))) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
