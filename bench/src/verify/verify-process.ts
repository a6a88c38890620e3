import { hash } from 'node:crypto';
import { createReadStream } from 'node:fs';

import { type AuditedCommit, type CommitSource, exportedCommits, verifyLog, type VerifyOptions } from '@sluice/audit';
import { SluiceError } from '@sluice/kernel';

import { type Prepared, serveBench } from '../child.js';
import type { Contender, VerifyOrder, VerifyResult } from './verify.js';

const decoder = new TextDecoder();

const OPTIONS: Readonly<Partial<Record<Contender, VerifyOptions>>> = {
  chains: { events: false },
  tree: { events: false, tree: true },
  all: { tree: true },
  'one thread': { tree: true, threads: 1 },
  file: { tree: true },
};

type Timed = Omit<VerifyResult, 'coldMs'>;

async function startVerify(order: VerifyOrder): Promise<Prepared<Timed, VerifyResult>> {
  const commits = order.contender === 'file' ? [] : await loaded(order.file);
  const once = async (): Promise<Timed> => {
    const cpu = process.cpuUsage();
    const start = performance.now();
    await read(order, commits);
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    return { ms, cpuMs: (user + system) / 1_000, rss: process.memoryUsage.rss() };
  };
  // What a process does first, it does with cold code.
  const { ms: coldMs } = await once();
  return { run: once, check: (timed) => ({ ...timed, coldMs }), stop: async () => {} };
}

async function loaded(file: string): Promise<readonly AuditedCommit[]> {
  const commits: AuditedCommit[] = [];
  for await (const { position, bytes } of exported(file)) commits.push({ position, bytes: new Uint8Array(bytes) });
  return commits;
}

const exported = (file: string): CommitSource => exportedCommits(createReadStream(file));

async function read(order: VerifyOrder, commits: readonly AuditedCommit[]): Promise<void> {
  const { contender, file } = order;
  if (contender === 'sha256') for (const { bytes } of commits) hash('sha256', bytes, 'hex');
  else if (contender === 'parse') for (const { bytes } of commits) JSON.parse(decoder.decode(bytes));
  else await verify(order, contender === 'file' ? exported(file) : told(commits), OPTIONS[contender] ?? {});
}

async function verify(order: VerifyOrder, source: CommitSource, options: VerifyOptions): Promise<void> {
  const { sharedFrom } = order;
  const { ok, counts, findings } = await verifyLog(
    source,
    sharedFrom === undefined ? options : { ...options, sharedFrom },
  );
  const isWhole = counts.commits === order.commits && (options.events === false || counts.events === order.events);
  if (!ok || !isWhole)
    throw new SluiceError('BENCH_INCOMPLETE', `${counts.commits} commits were verified, ${findings[0]?.words ?? 'ok'}`);
}

async function* told(commits: readonly AuditedCommit[]): CommitSource {
  await Promise.resolve();
  yield* commits;
}

await serveBench(startVerify);
