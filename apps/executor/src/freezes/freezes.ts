import {
  type CommandEnvelope,
  type CommandResult,
  FREEZE_STREAM,
  type FreezeCommand,
  NEW_FREEZE,
  type RecordedCommit,
} from '@sluice/contracts';
import {
  decideFreezes,
  evolveFreezes,
  type FreezesInput,
  type FreezesState,
  freezeWords,
  type FrozenSubject,
  heldAt,
  initialFreezes,
  nextChange,
} from '@sluice/freeze';
import { isSluiceError, messageOf } from '@sluice/kernel';
import type { HeldFreeze } from '@sluice/rollout';

import type { ActorDeps } from '../actors/actor-parts.js';
import { commandCause, EXECUTOR } from '../actors/rollout-actor.js';
import { SharedActor } from '../actors/shared-actor.js';
import { Timers } from '../course/timers.js';
import type { FreezesPort } from './ports.js';

/** When it is tried again to follow the log. */
const AGAIN_MS = 5_000;
const TIMER = 'freezes';
const OFFERED = ['freeze', 'lift'] as const;

/** The freezes of the installation: whichever executor is asked writes them, and all of them follow. */
export class Freezes implements FreezesPort {
  private readonly actor: SharedActor<'freeze', FreezesState, FreezesInput>;
  private readonly timers: Timers;
  private readonly listeners = new Set<() => void>();
  private readonly aborter = new AbortController();
  private following: Promise<void> | undefined;

  constructor(private readonly deps: ActorDeps) {
    const behaviour = { initial: initialFreezes, decide: decideFreezes, evolve: evolveFreezes };
    this.actor = new SharedActor(FREEZE_STREAM, behaviour, deps, () => this.changed());
    this.timers = new Timers(deps.clock);
  }

  /** Resolves when what the log says of them is known, or when the log cannot be followed: then it goes on trying. */
  async start(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.following = this.followOn(resolve);
    });
  }

  async stop(): Promise<void> {
    this.aborter.abort();
    this.timers.clearAll();
    this.actor.stop();
    await this.following;
  }

  heldFor(subject: FrozenSubject): readonly HeldFreeze[] {
    return heldAt(this.actor.state, subject, this.deps.clock.now()).map((each) => ({
      freeze: each.freeze,
      until: each.until,
      words: freezeWords(each),
    }));
  }

  listen(onChanged: () => void): () => void {
    this.listeners.add(onChanged);
    return () => this.listeners.delete(onChanged);
  }

  /** Codes NOT_FOUND, and those of the decider. */
  async command(envelope: CommandEnvelope<FreezeCommand>): Promise<CommandResult> {
    const { command, reason, actor: by, id } = envelope;
    // The freeze is named after the command, so that one that is said again is the same freeze.
    const freeze = command.type === 'freeze' && envelope.target === NEW_FREEZE ? nameOf(id) : envelope.target;
    try {
      const cause = commandCause(id);
      if (!this.actor.commands.has(cause)) {
        const input = { type: 'command', id: freeze, command, ...(reason === undefined ? {} : { reason }) } as const;
        await this.actor.submit(input, { by, cause, corr: id }, envelope.expectedRev);
      }
      const state = this.actor.state.has(freeze) ? 'declared' : 'lifted';
      return { ok: true, target: freeze, state, rev: this.actor.rev, actions: OFFERED };
    } catch (error) {
      if (isSluiceError(error)) return { ok: false, code: error.code, message: error.message, details: error.details };
      this.deps.logger.error({ reason: messageOf(error) }, 'a command to the freezes failed');
      return { ok: false, code: 'INTERNAL', message: 'the command failed inside the executor; its log says why' };
    }
  }

  private async followOn(onLive: () => void): Promise<void> {
    const { signal } = this.aborter;
    while (!signal.aborted) {
      try {
        await this.follow(onLive);
      } catch (error) {
        if (!signal.aborted)
          this.deps.logger.warn({ reason: messageOf(error) }, 'the log of freezes cannot be followed; trying again');
      }
      onLive();
      if (!signal.aborted) await this.pause();
    }
  }

  private async follow(onLive: () => void): Promise<void> {
    const { shard, writer } = FREEZE_STREAM;
    const { signal } = this.aborter;
    for await (const item of this.deps.log.follow({ shards: [shard], writers: [writer], from: 0, signal })) {
      if (item.kind !== 'commit') onLive();
      else if (this.actor.observe(item.commit as RecordedCommit<'freeze'>)) this.changed();
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.aborter.signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.deps.clock.schedule(AGAIN_MS, done);
      this.aborter.signal.addEventListener('abort', done, { once: true });
    });
  }

  /** Somebody declared or lifted one, or one begins or ends by the clock. */
  private changed(): void {
    const { clock } = this.deps;
    this.timers.set(TIMER, nextChange(this.actor.state, clock.now()), () => {
      this.expire();
      this.changed();
    });
    for (const listener of this.listeners) listener();
  }

  /** A freeze that is over holds no longer in any case; that the log says so is for people. */
  private expire(): void {
    const meta = { by: EXECUTOR, cause: 'timer:expiry', corr: 'freezes' };
    this.actor.submit({ type: 'tick' }, meta).catch((error: unknown) => {
      if (isSluiceError(error, 'STOPPING')) return;
      this.deps.logger.error({ reason: messageOf(error) }, 'the end of a freeze could not be recorded');
    });
  }
}

const nameOf = (commandId: string): string => `f-${commandId.slice(-40).toLowerCase()}`;
