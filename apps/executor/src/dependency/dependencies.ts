import {
  ALL_SHARDS,
  type CommandEnvelope,
  type CommandResult,
  decodeToken,
  type DependencyCommand,
  type RecordedCommit,
} from '@sluice/contracts';
import { type BreakerState, forcedAt, passageAt } from '@sluice/dependency';
import { isSluiceError, messageOf, SluiceError } from '@sluice/kernel';

import type { ActorDeps } from '../actors/actor-parts.js';
import { commandCause, EXECUTOR } from '../actors/rollout-actor.js';
import { Timers } from '../course/timers.js';
import { type Breaker, BREAKER_OPEN, DEPENDENCY_REFUSED, type NewBreaker } from './breaker.js';
import type { Called } from './called.js';
import { DependencyActor } from './dependency-actor.js';

export interface DependenciesDeps extends ActorDeps {
  /** What is out there to depend on; any other name is refused. */
  readonly names: readonly string[];
  readonly newBreaker: NewBreaker;
}

interface Entry {
  readonly actor: DependencyActor;
  readonly breaker: Breaker;
}

const OFFERED = ['force', 'release'] as const;

/**
 * The breakers of everything outside, with what people have said about it (TAR-41, TAR-43). Calls go through at once or
 * are told why not; each move of a breaker is an event, and what another executor found out holds here too.
 */
export class Dependencies {
  private readonly entries = new Map<string, Entry>();
  private readonly timers: Timers;
  private readonly aborter = new AbortController();
  private following: Promise<void> | undefined;
  private live = false;

  constructor(private readonly deps: DependenciesDeps) {
    this.timers = new Timers(deps.clock);
    for (const name of deps.names) this.entries.set(name, this.newEntry(name));
  }

  /** Resolves when what the log says of them is known. A log that cannot be followed leaves them to their breakers. */
  async start(): Promise<void> {
    if (this.entries.size === 0) return;
    await new Promise<void>((resolve) => {
      this.following = this.follow(resolve).catch((error: unknown) => {
        if (this.aborter.signal.aborted) return;
        this.deps.logger.error({ reason: messageOf(error) }, 'the log of dependencies cannot be followed any more');
        resolve();
      });
    });
  }

  async stop(): Promise<void> {
    this.aborter.abort();
    this.timers.clearAll();
    for (const { actor, breaker } of this.entries.values()) {
      actor.stop();
      breaker.stop();
    }
    await this.following;
  }

  /** What metrics tell: 0 closed, 1 half open, 2 open, forced or not. */
  states(): readonly { readonly name: string; readonly passage: 'open' | 'closed' | 'probe' }[] {
    const now = this.deps.clock.now();
    return [...this.entries].map(([name, { actor, breaker }]) => ({
      name,
      passage: passageAt({ ...actor.state, breaker: breaker.state }, now),
    }));
  }

  /** Never rejects. An error with code DEPENDENCY_REFUSED is an answer: it does not count against the dependency. */
  async call<T>(name: string, act: () => Promise<T>): Promise<Called<T>> {
    const entry = this.entries.get(name);
    if (entry === undefined)
      return { kind: 'down', words: `nothing called ${name} is configured: see SLUICE_BALANCERS` };
    const forced = forcedAt(entry.actor.state, this.deps.clock.now());
    if (forced?.mode === 'open')
      return { kind: 'down', words: `forced open until ${new Date(forced.until).toISOString()}: ${forced.reason}` };
    try {
      return { kind: 'done', value: await (forced === undefined ? entry.breaker.call(act) : act()) };
    } catch (error) {
      return calledWith(error);
    }
  }

  /** Codes NOT_FOUND, and those of the decider. */
  async command(envelope: CommandEnvelope<DependencyCommand>): Promise<CommandResult> {
    try {
      const { actor } = this.find(envelope.target);
      const cause = commandCause(envelope.id);
      if (!actor.commands.has(cause)) {
        const { command, reason } = envelope;
        const input = { type: 'command', command, ...(reason === undefined ? {} : { reason }) } as const;
        await actor.submit(input, { by: envelope.actor, cause, corr: envelope.id }, envelope.expectedRev);
      }
      const state = passageAt(actor.state, this.deps.clock.now());
      return { ok: true, target: actor.name, state, rev: actor.rev, actions: OFFERED };
    } catch (error) {
      if (isSluiceError(error)) return { ok: false, code: error.code, message: error.message, details: error.details };
      this.deps.logger.error({ reason: messageOf(error) }, 'a command to a dependency failed');
      return { ok: false, code: 'INTERNAL', message: 'the command failed inside the executor; its log says why' };
    }
  }

  private find(name: string): Entry {
    const entry = this.entries.get(name);
    if (entry !== undefined) return entry;
    const known = [...this.entries.keys()].join(', ');
    throw new SluiceError('NOT_FOUND', `there is no dependency "${name.slice(0, 60)}"; there is: ${known || 'none'}`);
  }

  private newEntry(name: string): Entry {
    const actor = new DependencyActor(name, this.deps, (changed) => this.setTimer(changed));
    const breaker = this.deps.newBreaker((to, words) => this.moved(actor, to, words));
    return { actor, breaker };
  }

  private moved(actor: DependencyActor, to: BreakerState, words: string): void {
    if (!this.live) return;
    const facts = { dependency: actor.name, to, words };
    if (to === 'open') this.deps.logger.warn(facts, 'a dependency is down');
    else this.deps.logger.info(facts, 'the breaker of a dependency has moved');
    this.tell(actor, { type: 'moved', to, words }, `breaker:${to}`);
  }

  private tell(actor: DependencyActor, input: Parameters<DependencyActor['submit']>[0], cause: string): void {
    actor.submit(input, { by: EXECUTOR, cause, corr: `dependency:${actor.name}` }).catch((error: unknown) => {
      if (isSluiceError(error, 'STOPPING')) return;
      this.deps.logger.error({ dependency: actor.name, reason: messageOf(error) }, 'a move could not be recorded');
    });
  }

  private async follow(onLive: () => void): Promise<void> {
    const { signal } = this.aborter;
    for await (const item of this.deps.log.follow({ shards: ALL_SHARDS, writers: ['dependency'], from: 0, signal })) {
      if (item.kind === 'commit') this.onCommit(item.commit as RecordedCommit<'dependency'>);
      else this.onCaughtUp(onLive);
    }
  }

  private onCaughtUp(onLive: () => void): void {
    for (const { actor, breaker } of this.entries.values()) {
      // It is tried again in a while, as if it had just been found down.
      if (actor.state.breaker !== 'closed') breaker.follow('open');
      this.setTimer(actor);
    }
    this.live = true;
    onLive();
  }

  private onCommit(commit: RecordedCommit<'dependency'>): void {
    const entry = this.entries.get(decodeToken(commit.stream.id.slice('d00-'.length)));
    if (entry === undefined || !entry.actor.observe(commit) || !this.live) return;
    const { actor, breaker } = entry;
    const said = actor.state.breaker;
    if (said !== 'halfOpen' && said !== breaker.state) breaker.follow(said);
    this.setTimer(actor);
  }

  /** A forced mode ends by the clock, whoever is there to see it. */
  private setTimer(actor: DependencyActor): void {
    this.timers.set(actor.name, actor.state.forced?.until, () => this.tell(actor, { type: 'tick' }, 'timer:expiry'));
  }
}

function calledWith(error: unknown): Exclude<Called<never>, { readonly kind: 'done' }> {
  if (isSluiceError(error, DEPENDENCY_REFUSED)) return { kind: 'refused', code: error.code, message: error.message };
  const words = messageOf(error).slice(0, 400);
  return isSluiceError(error, BREAKER_OPEN) ? { kind: 'down', words } : { kind: 'failing', words };
}
