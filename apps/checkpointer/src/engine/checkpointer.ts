import type { CommitSource } from '@sluice/audit';
import { type CancelTimer, type Clock, messageOf } from '@sluice/kernel';
import type { Log } from '@sluice/messaging';
import {
  type Checkpoint,
  CompactRange,
  formatConsistency,
  openCheckpoint,
  signCheckpoint,
  type SignerKey,
} from '@sluice/proof';

import { consistencyFrom } from './edge.js';
import type { CheckpointStore, Publisher, SignedCheckpoint, SignedLog, SignerState } from './ports.js';
import { refusal } from './refusal.js';
import { Turns } from './status.js';
import { Gap, GrowingTree } from './tree.js';

export interface CheckpointerDeps {
  readonly log: SignedLog;
  readonly store: CheckpointStore;
  readonly publishers: readonly Publisher[];
  readonly signer: SignerKey;
  readonly clock: Clock;
  readonly logger: Log;
  readonly everyMs: number;
  /** Commits of one checkpoint at most: a long log is signed in several steps; 65,536 when absent. */
  readonly maxLeaves?: number;
}

const MAX_LEAVES = 65_536;
/** After a failure that may pass. */
const RETRY_MS = 30_000;

const NOTHING: SignerState = { range: { size: 0, peaks: [] }, position: 0, leaf: '', checkpoint: '' };

/**
 * Signs the head of the log's tree on a schedule, also when nothing happened: then it says that nothing did. Each
 * checkpoint goes on from the one before, or nothing is signed.
 */
export class Checkpointer {
  #state: SignerState | undefined;
  /** A checkpoint that the tree has yet to pass through, when the state of it is gone. */
  #anchor: { readonly head: Checkpoint; readonly note: string } | undefined;

  /** How its turns went. */
  readonly turns: Turns;

  constructor(private readonly deps: CheckpointerDeps) {
    this.turns = new Turns(deps.everyMs);
  }

  /** Until the signal aborts. What is wrong with the log is said at every turn, and nothing is signed meanwhile. */
  async run(signal: AbortSignal): Promise<void> {
    const { everyMs, logger } = this.deps;
    while (!signal.aborted) {
      let waitMs = everyMs;
      try {
        await this.once();
        this.turns.ended();
      } catch (error) {
        const { code, reason, isRefused } = this.turns.failed(error);
        if (isRefused) logger.error({ code, reason }, 'NO CHECKPOINT IS SIGNED');
        else {
          waitMs = Math.min(everyMs, RETRY_MS);
          logger.warn({ code, reason, retryMs: waitMs }, 'the checkpoint is late; it is tried again');
        }
      }
      await this.pause(waitMs, signal);
    }
  }

  /**
   * Signs what the log is now; undefined for an empty log. Codes LOG_SHORTENED, LOG_CHANGED, LOG_INCOMPLETE,
   * BAD_STATE_FILE, and those of the log.
   */
  async once(): Promise<SignedCheckpoint | undefined> {
    const { log } = this.deps;
    const state = (this.#state ??= await this.remembered());
    const end = await log.position();
    if (end < state.position)
      throw refusal(
        'LOG_SHORTENED',
        `the log ends at position ${end}, and what was signed goes up to ${state.position}`,
      );
    try {
      return await this.sign(log.from(Math.max(1, state.position)), end);
    } catch (error) {
      if (!(error instanceof Gap)) throw error;
      if (log.withArchive === undefined) throw incomplete(error, 'name the archive with SLUICE_ARCHIVE');
    }
    try {
      return await this.sign(log.withArchive(Math.max(1, this.#state.position)), end);
    } catch (error) {
      throw error instanceof Gap ? incomplete(error, 'the archive does not have them either') : error;
    }
  }

  /** Reads up to that position; in several steps when there is much to read. */
  private async sign(commits: CommitSource, end: number): Promise<SignedCheckpoint | undefined> {
    let tree = new GrowingTree(this.#state ?? NOTHING);
    let signed: SignedCheckpoint | undefined;
    for await (const commit of commits) {
      if (commit.position > end) break;
      tree.add(commit);
      const step = await this.step(tree);
      if (step === 'none') continue;
      signed = step;
      tree = new GrowingTree(this.#state ?? NOTHING);
    }
    if (tree.position < end) throw new Gap(`the log ends at ${end} and nothing is behind ${tree.position}`);
    // The last step may have been the last commit.
    return signed !== undefined && tree.fresh.length === 0 ? signed : this.atEnd(tree);
  }

  private async atEnd(tree: GrowingTree): Promise<SignedCheckpoint | undefined> {
    if (this.#anchor !== undefined) throw shortened(tree.size, this.#anchor.head.size);
    return tree.size === 0 ? undefined : this.finish(tree);
  }

  /** After a step the state has come up to the tree, and the next one goes on from there; a checkpoint of it if one is due. */
  private async step(tree: GrowingTree): Promise<SignedCheckpoint | 'none' | undefined> {
    const isLong = tree.fresh.length >= (this.deps.maxLeaves ?? MAX_LEAVES);
    const anchor = this.#anchor;
    if (anchor === undefined) return isLong ? this.finish(tree) : 'none';
    const isThere = tree.size === anchor.head.size;
    if (!isThere && !isLong) return 'none';
    if (isThere && !tree.root.equals(anchor.head.root)) throw changed(tree.size);
    this.#state = tree.state(isThere ? anchor.note : '');
    if (isThere) this.#anchor = undefined;
    return undefined;
  }

  private async finish(tree: GrowingTree): Promise<SignedCheckpoint> {
    const { signer, clock, store, logger } = this.deps;
    const at = clock.now();
    const head = { origin: signer.name, size: tree.size, root: tree.root };
    const note = signCheckpoint({ ...head, extensions: [`time ${new Date(at).toISOString()}`] }, [signer]);
    const { range, checkpoint: before } = tree.before;
    const proof = { before: range.size, hashes: consistencyFrom(range, tree.fresh), checkpoint: note };
    const signed = { note, size: tree.size, at, ...(before === '' ? {} : { consistency: formatConsistency(proof) }) };
    const state = tree.state(note);
    await store.keep(signed, state);
    this.#state = state;
    this.turns.signed(tree.size, at);
    logger.info({ position: state.position }, 'a checkpoint was signed');
    for (const publisher of this.deps.publishers) await this.show(publisher, signed);
    return signed;
  }

  private async show(publisher: Publisher, signed: SignedCheckpoint): Promise<void> {
    try {
      await publisher.publish(signed);
    } catch (error) {
      const reason = messageOf(error);
      this.deps.logger.warn({ type: publisher.name, reason }, 'a checkpoint was not published; it is in the folder');
    }
  }

  /** What the store has, held against the signature of the last checkpoint. */
  private async remembered(): Promise<SignerState> {
    const { store } = this.deps;
    const state = await store.load();
    if (state === undefined) {
      const latest = await store.latest();
      this.#anchor = latest === undefined ? undefined : { head: this.own(latest), note: latest };
      return NOTHING;
    }
    const { size, root, extensions } = this.own(state.checkpoint);
    this.turns.signed(size, signedAt(extensions));
    const range = CompactRange.restore(state.range);
    if (range.size !== size || !range.root().equals(root))
      throw refusal('BAD_STATE_FILE', 'what is remembered of the log is not what the last checkpoint says');
    return state;
  }

  private own(note: string): Checkpoint {
    try {
      return openCheckpoint(note, [this.deps.signer.verifier]);
    } catch (error) {
      const words = `the last checkpoint was not signed by this key (${messageOf(error)}): another key needs a folder of its own`;
      throw refusal('BAD_STATE_FILE', words);
    }
  }

  private pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      let cancel: CancelTimer = () => {};
      const done = (): void => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      cancel = this.deps.clock.schedule(ms, done);
      if (signal.aborted) done();
    });
  }
}

/** ms since the epoch, as the checkpoint says it; 0 when it does not. */
const signedAt = (extensions: readonly string[] = []): number =>
  Date.parse(extensions.find((line) => line.startsWith('time '))?.slice(5) ?? '') || 0;

const shortened = (size: number, signed: number) =>
  refusal('LOG_SHORTENED', `the log has ${size} commits, and ${signed} were signed`);

const changed = (size: number) =>
  refusal('LOG_CHANGED', `the first ${size} commits of the log are not those that were signed`);

const incomplete = (gap: Gap, words: string) =>
  refusal('LOG_INCOMPLETE', `commits are missing from the log (${gap.message}): ${words}`);
