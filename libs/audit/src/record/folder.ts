import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf, SluiceError } from '@sluice/kernel';
import { readCheckpoint, type VerifierKey, verifyTlogProof } from '@sluice/proof';

import { newFile } from '../files.js';
import { leafOf } from '../leaf.js';
import type { AuditedCommit, CommitSource } from '../source.js';
import { type BuiltRecord, RecordBuilder } from './builder.js';
import { recordCommitOf } from './commit.js';
import { recordMarkdown } from './markdown.js';
import { ProofsOfMany, proofText } from './proofs.js';

const FILES = { record: 'record.json', page: 'record.md', targets: 'targets.jsonl', proofs: 'proofs' } as const;
const PROOF_NAME = /^(\d{12})\.tlog-proof$/;
const MAX_PROOF_BYTES = 2 * 1024 * 1024;

/** The record of one rollout out of a whole log. Codes NOT_PLANNED, UNREADABLE_HISTORY, PRUNED and those of the source. */
export async function recordOf(log: CommitSource, rollout: string): Promise<BuiltRecord> {
  const builder = new RecordBuilder(rollout);
  for await (const commit of log) if (mayBeOf(commit, rollout)) builder.add(recordCommitOf(readable(commit, rollout)));
  return builder.finish();
}

/** Writes record.json, record.md and targets.jsonl into a folder that has none of them. */
export async function writeRecord(folder: string, built: BuiltRecord): Promise<void> {
  await mkdir(folder, { recursive: true });
  await newFile(join(folder, FILES.targets), built.targetLines());
  await newFile(join(folder, FILES.record), [recordText(built)]);
  await newFile(join(folder, FILES.page), [recordMarkdown(built.record, badOnes(built))]);
}

const recordText = ({ record }: BuiltRecord): string => `${JSON.stringify(record, null, 2)}\n`;

function* badOnes({ targets }: BuiltRecord): ReturnType<BuiltRecord['targets']> {
  for (const target of targets()) if (target.outcome !== 'done' && target.outcome !== 'skipped') yield target;
}

/**
 * The same with a proof of each commit of the rollout, so that whoever has the public key checks the record without the
 * log. The record is of the log as it was at the checkpoint. The log is read three times. Codes also BAD_PROOF,
 * NOT_THIS_LOG (the log is not that of the checkpoint).
 */
export async function writeProvedRecord(
  folder: string,
  log: () => CommitSource,
  { rollout, checkpoint }: { readonly rollout: string; readonly checkpoint: string },
): Promise<BuiltRecord> {
  const { size, root } = readCheckpoint(checkpoint);
  const builder = new RecordBuilder(rollout);
  const entries: number[] = [];
  for await (const [entry, commit] of firstOf(log(), size))
    if (mayBeOf(commit, rollout) && builder.add(recordCommitOf(readable(commit, rollout)))) entries.push(entry);
  const built = builder.finish();
  const proofs = new ProofsOfMany(entries, size);
  for await (const [, commit] of firstOf(log(), size)) proofs.append(leafOf(commit));
  if (!proofs.root().equals(root)) throw notThisLog();
  await mkdir(join(folder, FILES.proofs), { recursive: true });
  const wanted = new Set(entries);
  for await (const [entry, commit] of firstOf(log(), size)) {
    if (!wanted.has(entry)) continue;
    const name = `${String(commit.position).padStart(12, '0')}.tlog-proof`;
    await newFile(join(folder, FILES.proofs, name), [proofText(proofs, entry, commit.bytes, checkpoint)]);
  }
  await writeRecord(folder, built);
  return built;
}

const notThisLog = (): SluiceError =>
  new SluiceError(
    'NOT_THIS_LOG',
    'this log is not the one of that checkpoint: name what was archived with --archive, and verify it',
  );

async function* firstOf(log: CommitSource, size: number): AsyncIterable<readonly [number, AuditedCommit]> {
  let entry = 0;
  for await (const commit of log) {
    if (entry === size) return;
    yield [entry, commit];
    entry += 1;
  }
}

export interface RecordVerdict {
  readonly rollout: string;
  readonly state: string;
  readonly commits: number;
  /** Of the tree that the proofs are in. */
  readonly size: number;
  readonly faults: readonly string[];
}

/**
 * Checks a folder with nothing but the public keys: each proof, that the commits are whole chains in the order of the
 * log, and that record and targets are, byte for byte, what these commits come to.
 */
export async function verifyRecord(folder: string, known: readonly VerifierKey[]): Promise<RecordVerdict> {
  const stored = await textIn(folder, FILES.record);
  const { rollout } = headOf(stored);
  const faults: string[] = [];
  const builder = new RecordBuilder(rollout);
  const chain = new ProvedChain(faults);
  const names = await readdir(join(folder, FILES.proofs)).catch(() => []);
  if (names.length === 0) faults.push('there are no proofs: make the record anew with --checkpoint');
  for (const name of names.toSorted((a, b) => (a < b ? -1 : 1))) {
    const commit = await provedIn(folder, name, { known, faults, chain });
    if (commit !== undefined) added(builder, commit, faults);
  }
  const built = builtOf(builder, faults);
  if (built !== undefined) await compare(folder, { stored, built, faults });
  const { state } = headOf(stored);
  return { rollout, state, commits: chain.commits, size: chain.size, faults: faults.slice(0, 100) };
}

function added(builder: RecordBuilder, commit: AuditedCommit, faults: string[]): void {
  try {
    if (!builder.add(recordCommitOf(commit))) faults.push(`position ${commit.position} is of another rollout`);
  } catch (error) {
    faults.push(messageOf(error));
  }
}

interface Proving {
  readonly known: readonly VerifierKey[];
  readonly faults: string[];
  readonly chain: ProvedChain;
}

async function provedIn(
  folder: string,
  name: string,
  { known, faults, chain }: Proving,
): Promise<AuditedCommit | undefined> {
  const position = PROOF_NAME.exec(name)?.[1];
  if (position === undefined) {
    faults.push(`proofs/${name.slice(0, 80)} is no proof of a record`);
    return undefined;
  }
  try {
    const text = await textIn(join(folder, FILES.proofs), name, MAX_PROOF_BYTES);
    const { index, entry, checkpoint } = verifyTlogProof(text, known);
    const commit = { position: Number(position), bytes: entry };
    chain.add({ ...commit, index, name, checkpoint: `${checkpoint.size} ${checkpoint.root.toString('base64')}` });
    chain.size = checkpoint.size;
    return commit;
  } catch (error) {
    faults.push(`proofs/${name}: ${messageOf(error)}`);
    return undefined;
  }
}

/** What the commits must be to one another: of one tree, in its order, each stream whole and chained. */
class ProvedChain {
  commits = 0;
  size = 0;
  #checkpoint: string | undefined;
  readonly #heads = new Map<string, { readonly rev: number; readonly hash: string }>();

  constructor(private readonly faults: string[]) {}

  add(proved: AuditedCommit & { readonly index: number; readonly name: string; readonly checkpoint: string }): void {
    const { stream, rev, prev, sha256 } = recordCommitOf(proved);
    this.commits += 1;
    // Only logs whose positions are dense are signed, so a position is the place in the tree, counted from 1.
    if (proved.index + 1 !== proved.position) this.faults.push(`${proved.name} proves another position than its name`);
    if ((this.#checkpoint ??= proved.checkpoint) !== proved.checkpoint)
      this.faults.push(`${proved.name} is of another checkpoint than the others`);
    const before = this.#heads.get(stream) ?? { rev: 0, hash: '' };
    if (rev !== before.rev + 1 || prev !== before.hash)
      this.faults.push(`${stream} rev ${rev} does not follow rev ${before.rev}: a commit is missing`);
    this.#heads.set(stream, { rev, hash: sha256 });
  }
}

function builtOf(builder: RecordBuilder, faults: string[]): BuiltRecord | undefined {
  try {
    return builder.finish();
  } catch (error) {
    faults.push(messageOf(error));
    return undefined;
  }
}

async function compare(
  folder: string,
  { stored, built, faults }: { readonly stored: string; readonly built: BuiltRecord; readonly faults: string[] },
): Promise<void> {
  if (stored !== recordText(built))
    faults.push(`record.json is not what its commits say: ${firstDifference(stored, built)}`);
  const lines = await textIn(folder, FILES.targets, Number.MAX_SAFE_INTEGER).catch(() => undefined);
  if (lines !== [...built.targetLines()].join('')) faults.push('targets.jsonl is not what the commits say');
  const page = await textIn(folder, FILES.page).catch(() => undefined);
  if (page !== recordMarkdown(built.record, badOnes(built))) faults.push('record.md is not what the commits say');
}

/** The first field of the record that is another. */
function firstDifference(stored: string, built: BuiltRecord): string {
  let found: unknown;
  try {
    found = JSON.parse(stored);
  } catch {
    return 'it is no JSON';
  }
  const fields = Object.entries(built.record) as readonly (readonly [string, unknown])[];
  const at = fields.find(
    ([name, value]) => JSON.stringify((found as Record<string, unknown>)[name]) !== JSON.stringify(value),
  );
  return at === undefined ? 'it has something more, or is written otherwise' : `its ${at[0]} is another`;
}

function headOf(stored: string): { readonly rollout: string; readonly state: string } {
  try {
    const { rollout, state } = JSON.parse(stored) as { rollout?: unknown; state?: unknown };
    if (typeof rollout === 'string') return { rollout, state: typeof state === 'string' ? state : '' };
  } catch {
    // Said below, as of any other text.
  }
  throw new SluiceError('BAD_RECORD', 'record.json is no change record: make it anew with `sluice audit record`');
}

async function textIn(folder: string, name: string, limit = 512 * 1024 * 1024): Promise<string> {
  const file = join(folder, name);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) throw new SluiceError('BAD_RECORD', `there is no ${file}: name the folder of a record`);
  if (found.size > limit) throw new SluiceError('BAD_RECORD', `${file} is larger than such a file can be`);
  return readFile(file, 'utf8');
}

const MAX_HEAD = 512;

/** A cheap look at the envelope: most of a log is of other rollouts. */
function mayBeOf({ bytes, stream, pruned }: AuditedCommit, rollout: string): boolean {
  const id = rollout.slice(1);
  if (pruned !== undefined) return pruned.stream.includes(id);
  if (stream !== undefined) return stream.id.includes(id);
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_HEAD)).toString('latin1').includes(id);
}

function readable(commit: AuditedCommit, rollout: string): AuditedCommit {
  if (commit.pruned === undefined) return commit;
  throw new SluiceError('PRUNED', `${rollout} was pruned from the archive: only hashes of its commits are kept`);
}
