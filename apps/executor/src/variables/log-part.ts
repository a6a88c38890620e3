import {
  EMPTY_HEAD,
  type EventMeta,
  type EventToAppend,
  type RosterEvent,
  type StreamHead,
  type VariableEvent,
} from '@sluice/contracts';
import { isSluiceError, SluiceError } from '@sluice/kernel';

import type { ActorDeps } from '../actors/actor-parts.js';
import { CommandMemory } from '../actors/rollout-actor.js';
import type { FleetCommit, FleetStream } from './names.js';

export type FleetLogEvent = RosterEvent | VariableEvent;

/** What a fold is told of an event. */
export interface Told {
  readonly event: FleetLogEvent;
  readonly at: number;
  readonly meta: EventMeta;
}

const MAX_RETRY_MS = 5_000;
const COMMAND = 'command:';

/** One stream of a fleet: how far it is folded, and which commands it has seen. */
export class LogPart {
  head: StreamHead = EMPTY_HEAD;
  /** The log holds more than was folded. */
  isStale = false;
  readonly commands = new CommandMemory();
  private readonly inFlight = new Set<string>();

  constructor(
    readonly stream: FleetStream,
    private readonly deps: ActorDeps,
    private readonly fold: (told: Told) => void,
    private readonly isStopped: () => boolean,
  ) {}

  /** Folds what follows on what was folded. */
  take({ events, meta, head }: FleetCommit): void {
    events.forEach((event, i) => {
      const said = meta[i];
      if (said === undefined) return;
      this.remember(said);
      this.fold({ event, at: head.at, meta: said });
    });
    this.head = head;
  }

  remember({ cause }: EventMeta): void {
    if (cause.startsWith(COMMAND)) this.commands.add(cause);
  }

  /** A commit of ours that is still being written comes by itself. */
  isOwn({ id }: FleetCommit): boolean {
    return this.inFlight.has(id);
  }

  /**
   * Writes and folds one commit, until it is known to have landed. False when somebody else wrote meanwhile: nothing of
   * it is in the log then, and the part is stale.
   */
  async append(events: readonly EventToAppend<FleetLogEvent>[]): Promise<boolean> {
    const { clock, log, newId } = this.deps;
    const draft = { id: newId(), at: Math.max(clock.now(), this.head.at), events };
    this.inFlight.add(draft.id);
    try {
      const head = await this.untilThere(() => log.append(this.stream, this.head, draft));
      for (const { event, meta } of events) {
        this.remember(meta);
        this.fold({ event, at: head.at, meta });
      }
      this.head = head;
      return true;
    } catch (error) {
      if (!isSluiceError(error, 'CONCURRENCY_CONFLICT')) throw error;
      this.isStale = true;
      return false;
    } finally {
      this.inFlight.delete(draft.id);
    }
  }

  /** Folds what stands behind the head. False when that does not follow on it: the stream was cut short. */
  async catchUp(): Promise<boolean> {
    this.isStale = false;
    try {
      for await (const commit of this.deps.log.read(this.stream, this.head.rev + 1)) {
        // What is told of meanwhile makes it stale too, and is read here or by the next one.
        const follows = commit.head.rev === this.head.rev + 1;
        this.isStale ||= !follows;
        if (!follows) return false;
        this.take(commit);
      }
      return true;
    } catch (error) {
      this.isStale = true;
      throw error;
    }
  }

  /** Waits for a log that cannot be reached: an answer that never came may have been a commit. */
  private async untilThere(write: () => Promise<StreamHead>): Promise<StreamHead> {
    for (let delay = 100; ; delay = Math.min(delay * 2, MAX_RETRY_MS)) {
      try {
        return await write();
      } catch (error) {
        if (!isSluiceError(error, 'LOG_UNAVAILABLE') || this.isStopped()) throw error;
        const facts = { stream: this.stream.id, retryMs: delay };
        this.deps.logger.warn(facts, 'the log cannot be reached; it is tried again');
        await new Promise<void>((resolve) => this.deps.clock.schedule(delay, resolve));
      }
    }
  }
}

/** Code VERSION_CONFLICT. */
export function assertRev({ head }: LogPart, expected: number | undefined): void {
  if (expected === undefined || expected === head.rev) return;
  const words = `it is at revision ${head.rev}, not ${expected}: read it again`;
  throw new SluiceError('VERSION_CONFLICT', words, { rev: head.rev });
}

export const cutShort = ({ stream }: LogPart): SluiceError =>
  new SluiceError('LOG_UNAVAILABLE', `${stream.id} does not follow on what was read of it: say it again in a moment`);
