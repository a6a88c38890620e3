import type {
  CommandEnvelope,
  CommandResult,
  FleetCommand,
  RecordedCommit,
  Shard,
  VariableCommand,
} from '@sluice/contracts';
import { shardOfGroup, variableOfTarget } from '@sluice/contracts';
import { type CancelTimer, isSluiceError, messageOf, SluiceError } from '@sluice/kernel';
import { type Fleet, variableActions } from '@sluice/variable';

import type { FreezesPort } from '../freezes/ports.js';
import { type EngineLogger, silentLogger } from '../ports.js';
import { FleetActor, type FleetActorDeps } from './fleet-actor.js';
import { inGroups } from './in-groups.js';
import { ownerOfStream } from './names.js';

export interface FleetsDeps extends Omit<FleetActorDeps, 'logger' | 'freezes'> {
  readonly shards: readonly Shard[];
  /** Without it no ramp is ever frozen. */
  readonly freezes?: FreezesPort;
  readonly logger?: EngineLogger;
}

/** Fleets of one executor; a name is a name from outside. */
const MAX_FLEETS = 1_000;
const LOADED_AT_ONCE = 4;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
/** How long a stop waits for the commits that are under way. */
const STOP_MS = 5_000;
const OFFERED: readonly FleetCommand['type'][] = ['join', 'leave', 'breach'];

/**
 * The fleets of some shards with their variables (design 6.5): it reads where they stand, then drives their ramps and
 * takes what is said to them. Two that drive the same shards at once do each thing once.
 */
export class Fleets {
  private fleets = new Map<string, FleetActor>();
  private readonly aborter = new AbortController();
  private readonly logger: EngineLogger;
  private following: Promise<void> | undefined;
  private unlisten: (() => void) | undefined;
  private isLive = false;

  constructor(private readonly deps: FleetsDeps) {
    this.logger = deps.logger ?? silentLogger;
  }

  /** Resolves when all ramps are driven. Rejects when the log cannot be read. */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.following = this.followOn(resolve, reject);
    });
    this.unlisten = this.deps.freezes?.listen(() => {
      for (const fleet of this.fleets.values()) fleet.look();
    });
  }

  /** Nothing new is taken; resolves when what was under way is in the log, or was refused, within a bound. */
  async stop(): Promise<void> {
    this.aborter.abort();
    this.unlisten?.();
    let cancel: CancelTimer = () => undefined;
    const tooLong = new Promise<void>((resolve) => (cancel = this.deps.clock.schedule(STOP_MS, resolve)));
    await Promise.race([Promise.all([this.letGo(), this.following]), tooLong]);
    cancel();
  }

  /** What a fleet's hosts are to have; undefined for one that is not known here. */
  fleet(name: string): Fleet | undefined {
    return this.fleets.get(name)?.fleet;
  }

  /** Codes of the decider, NOT_FOUND, FROZEN, VERSION_CONFLICT, BUSY, NOT_OWNER, NOT_READY, STOPPING. */
  variableCommand(envelope: CommandEnvelope<VariableCommand>): Promise<CommandResult> {
    const { target } = envelope;
    const named = variableOfTarget(target);
    return this.answer(named?.fleet ?? target, async (actor) => {
      if (named === undefined) throw noVariable(target);
      const { variable } = named;
      const rev = await actor.say(variable, envelope);
      const state = actor.fleet.variables.get(variable);
      return { ok: true, target, state: state?.phase ?? 'unknown', rev, actions: variableActions(state) };
    });
  }

  /** Codes of the decider, NOT_FOUND, NOT_A_SERVICE, VERSION_CONFLICT, BUSY, NOT_OWNER, NOT_READY, STOPPING. */
  fleetCommand(envelope: CommandEnvelope<FleetCommand>): Promise<CommandResult> {
    const { target } = envelope;
    return this.answer(target, async (actor) => {
      await actor.tell(envelope);
      return { ok: true, target, state: 'fleet', rev: actor.rosterRev, actions: OFFERED };
    });
  }

  private async answer(name: string, act: (actor: FleetActor) => Promise<CommandResult>): Promise<CommandResult> {
    try {
      if (!this.isLive)
        throw new SluiceError('NOT_READY', 'this executor still reads the log: say it again in a moment');
      const actor = this.open(name);
      return await act(actor).finally(() => this.forget(actor));
    } catch (error) {
      if (isSluiceError(error)) return { ok: false, code: error.code, message: error.message, details: error.details };
      this.logger.error({ reason: messageOf(error) }, 'a command to a variable or a fleet failed');
      return { ok: false, code: 'INTERNAL', message: 'the command failed inside the executor; its log says why' };
    }
  }

  private open(name: string): FleetActor {
    const known = this.fleets.get(name);
    if (known !== undefined) return known;
    if (!this.deps.shards.includes(shardOfGroup(name)))
      throw new SluiceError('NOT_OWNER', `fleet ${name} belongs to another executor: say it again, its owner answers`);
    if (this.fleets.size >= MAX_FLEETS)
      throw new SluiceError('TOO_MANY_FLEETS', `a shard has at most ${MAX_FLEETS} fleets: use the ones that are there`);
    return this.add(this.fleets, name);
  }

  private add(fleets: Map<string, FleetActor>, name: string): FleetActor {
    const { log, clock, newId, freezes } = this.deps;
    const actor = new FleetActor(name, { log, clock, newId, logger: this.logger, freezes });
    fleets.set(name, actor);
    return actor;
  }

  private forget(actor: FleetActor): void {
    if (actor.isNobody && this.fleets.get(actor.name) === actor) this.fleets.delete(actor.name);
  }

  private async followOn(onLive: () => void, onFault: (error: unknown) => void): Promise<void> {
    const { signal } = this.aborter;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        await this.follow(onLive);
      } catch (error) {
        // Of no use to whoever has gone live already.
        onFault(error);
        if (!signal.aborted)
          this.logger.warn(
            { reason: messageOf(error), retryMs: pause },
            'the log of variables cannot be followed; trying again',
          );
      }
      await this.letGo();
      if (!signal.aborted) await this.pause(pause);
    }
    onFault(new SluiceError('STOPPING', 'this executor was stopped while it started'));
  }

  /** Of each stream the last commit tells that it is there; what it says is read from its last checkpoint on. */
  private async follow(onLive: () => void): Promise<void> {
    const { log, shards } = this.deps;
    const { signal } = this.aborter;
    const fleets = new Map<string, FleetActor>();
    for await (const item of log.follow({ shards, writers: ['variable'], from: 0, latest: true, signal })) {
      if (item.kind === 'commit') this.onCommit(fleets, item.commit as RecordedCommit<'variable'>);
      else {
        await inGroups([...fleets.values()], LOADED_AT_ONCE, (fleet) => fleet.load());
        this.goLive(fleets);
        onLive();
      }
    }
  }

  private onCommit(fleets: Map<string, FleetActor>, commit: RecordedCommit<'variable'>): void {
    const name = ownerOfStream(commit.stream.id)?.fleet;
    if (name === undefined) return;
    const actor = fleets.get(name) ?? this.add(fleets, name);
    if (this.isLive) actor.observe(commit);
    else actor.know(commit);
  }

  private goLive(fleets: Map<string, FleetActor>): void {
    this.fleets = fleets;
    this.isLive = true;
    this.logger.info({ fleets: fleets.size }, 'the fleets are read; driving their ramps');
    for (const fleet of fleets.values()) fleet.look();
  }

  private async letGo(): Promise<void> {
    this.isLive = false;
    const fleets = [...this.fleets.values()];
    this.fleets = new Map();
    await Promise.all(fleets.map((fleet) => fleet.stop()));
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.aborter;
      const done = (): void => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.deps.clock.schedule(ms, done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

const noVariable = (target: string): SluiceError =>
  new SluiceError('NOT_FOUND', `"${target.slice(0, 100)}" is no variable of a fleet: write <fleet>/<variable>`);
