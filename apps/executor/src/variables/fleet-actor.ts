import {
  type CommandEnvelope,
  type EventMeta,
  type FleetCommand,
  type RosterEvent,
  type VariableCommand,
} from '@sluice/contracts';
import { isSluiceError, messageOf, SluiceError, unreachable } from '@sluice/kernel';
import {
  checkpointOf,
  decideRoster,
  decideVariable,
  type Fleet,
  nextFlipAt,
  type RosterInput,
  variableOf,
  type VariableInput,
} from '@sluice/variable';

import type { ActorDeps } from '../actors/actor-parts.js';
import { commandCause, EXECUTOR } from '../actors/rollout-actor.js';
import { Timers } from '../course/timers.js';
import { AT_ONCE, FleetMemory, type VariablePart } from './fleet-memory.js';
import { FREEZE_META, Freezing, type FrozenFleets } from './freezing.js';
import { inGroups } from './in-groups.js';
import { firstValues, joinChunks } from './joining.js';
import { assertRev, cutShort, type FleetLogEvent, type LogPart } from './log-part.js';
import type { FleetCommit } from './names.js';
import { Turns } from './turns.js';

export interface FleetActorDeps extends ActorDeps {
  readonly freezes?: FrozenFleets | undefined;
}

const MAX_CONFLICTS = 8;
/** Flips gather for so long: a tick costs commits of its own. */
const GATHER_MS = 250;
/** When it is looked again at a fleet whose tick failed. */
const AGAIN_MS = 5_000;
/** No timer is longer: a clock that was set must not hold a ramp for days. */
const LONGEST_WAIT_MS = 600_000;
/** Desired state is one object with all of them. */
export const MAX_VARIABLES = 200;

const TICK = 'tick';
const TICK_META: EventMeta = { by: EXECUTOR, cause: 'timer:ramp', corr: 'ramp' };
const CHECKPOINT_META: EventMeta = { by: EXECUTOR, cause: 'checkpoint', corr: 'checkpoint' };
type Decide<E> = () => readonly E[];

/**
 * One fleet: its hosts and all its variables. What is done to it is done in turn, and each stream has one commit under
 * way at a time: what was decided is folded when it is in the log, so that a conflict with another owner costs reading
 * what that one wrote, and deciding again.
 */
export class FleetActor {
  private readonly memory: FleetMemory;
  private readonly timers: Timers;
  private readonly turns: Turns;
  private readonly freezing: Freezing;
  /** No tick before. */
  private quietUntil = 0;

  constructor(
    readonly name: string,
    private readonly deps: FleetActorDeps,
  ) {
    this.turns = new Turns(`fleet ${name}`);
    this.memory = new FleetMemory(name, deps, () => this.turns.isStopped);
    this.timers = new Timers(deps.clock);
    this.freezing = new Freezing(name, deps.freezes);
  }

  get fleet(): Fleet {
    return this.memory.fleet;
  }

  get rosterRev(): number {
    return this.memory.roster.head.rev;
  }

  /** True for a name that somebody made up, and nothing came of. */
  get isNobody(): boolean {
    return this.turns.isAtRest && this.memory.isNobody;
  }

  /** Before the fleet is loaded: there is a stream with such commits. */
  know(commit: FleetCommit): void {
    this.memory.know(commit);
  }

  load(): Promise<void> {
    return this.memory.load();
  }

  /** A commit of one of its streams, as the log shows it. */
  observe(commit: FleetCommit): void {
    if (this.memory.observe(commit, this.turns.isAtRest)) this.wake();
    else if (this.turns.isAtRest && this.memory.isStale) this.look();
  }

  /** Resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.timers.clearAll();
    await this.turns.stop();
  }

  /** What time or a freeze may have brought is done now, and the next time is waited for. */
  look(): void {
    this.background(() => this.tick());
  }

  /** Resolves to the revision of the variable when what was said is in the log. */
  say(variable: string, envelope: CommandEnvelope<VariableCommand>): Promise<number> {
    return this.inTurn(async () => {
      const { command, id, reason, actor: by, expectedRev } = envelope;
      if (command.type === 'define') this.checkRoom(variable);
      else variableOf(this.fleet, variable);
      const part = this.memory.part(variable);
      const cause = commandCause(id);
      const input: VariableInput = { type: 'command', command, ...(reason === undefined ? {} : { reason }) };
      await this.settle(part, { by, cause, corr: id }, () => {
        if (part.commands.has(cause)) return [];
        assertRev(part, expectedRev);
        this.freezing.assertThawed(command, by, this.fleet.variables.get(variable)?.spite);
        return decideVariable(this.fleet, variable, input, this.nowFor(part));
      });
      this.checkpointLater(variable, part);
      return part.head.rev;
    });
  }

  /** Resolves when what was said, and what follows for the variables, is in the log. */
  tell(envelope: CommandEnvelope<FleetCommand>): Promise<void> {
    return this.inTurn(async () => {
      const { command, id, actor: by, reason, expectedRev } = envelope;
      const meta = { by, cause: commandCause(id), corr: id };
      if (this.memory.roster.commands.has(meta.cause)) return;
      assertRev(this.memory.roster, expectedRev);
      switch (command.type) {
        case 'join':
          return this.join(command.hosts, meta);
        case 'leave':
          return void (await this.enrol({ ...command, ...(reason === undefined ? {} : { reason }) }, meta));
        case 'breach':
          return this.breach(command, meta);
        default:
          return unreachable(command, 'command to a fleet');
      }
    });
  }

  private async join(hosts: Extract<FleetCommand, { type: 'join' }>['hosts'], meta: EventMeta): Promise<void> {
    const chunks = joinChunks(hosts);
    for (const [i, chunk] of chunks.entries()) {
      // Said again after half of it, the rest is still news.
      const part = { ...meta, cause: i === chunks.length - 1 ? meta.cause : `join:${meta.corr}` };
      const events = await this.enrol({ type: 'join', hosts: chunk }, part);
      const joined = events.filter(({ type }) => type === 'HostsJoined');
      if (joined.length === 0) continue;
      await this.each((variable, member) =>
        this.settle(member, { by: EXECUTOR, cause: `join:${meta.corr}`, corr: meta.corr }, () =>
          firstValues(joined, (event) =>
            decideVariable(this.fleet, variable, { type: 'joined', event }, this.nowFor(member)),
          ),
        ),
      );
    }
  }

  private async enrol(input: RosterInput, meta: EventMeta): Promise<readonly RosterEvent[]> {
    const { roster } = this.memory;
    // Another owner may have heard the same meanwhile.
    const decide = () => (roster.commands.has(meta.cause) ? [] : decideRoster(this.fleet.roster, input));
    const events = await this.settle(roster, meta, decide);
    if (this.memory.isRosterDue) this.background(() => this.checkpointRoster());
    return events;
  }

  /** Its parts stand straight behind one another: when another owner wrote meanwhile it is left, and said anew later. */
  private async checkpointRoster(): Promise<void> {
    const { roster } = this.memory;
    let { rev } = roster.head;
    for (const part of this.memory.rosterCheckpoint()) {
      const written = await this.settle(roster, CHECKPOINT_META, () => (roster.head.rev === rev ? [part] : []));
      if (written.length === 0) return;
      rev += 1;
    }
  }

  private async breach(command: Extract<FleetCommand, { type: 'breach' }>, meta: EventMeta): Promise<void> {
    if (meta.by.kind !== 'service' && meta.by.kind !== 'policy')
      throw new SluiceError('NOT_A_SERVICE', 'a breach is measured by a service: to stop a ramp, say stop and why');
    const { words, numbers, variables } = command;
    for (const name of variables ?? []) variableOf(this.fleet, name);
    const named = variables === undefined ? undefined : new Set(variables);
    await this.each(async (variable, part) => {
      if (named?.has(variable) === false) return;
      await this.settle(part, meta, () => {
        // What a freeze holds would go on by itself when that is lifted.
        const input: VariableInput = part.isHeld
          ? { type: 'command', command: { type: 'stop' }, reason: words }
          : { type: 'breach', words, numbers, named: named !== undefined };
        return decideVariable(this.fleet, variable, input, this.nowFor(part));
      });
      this.checkpointLater(variable, part);
    });
  }

  private async tick(): Promise<void> {
    this.quietUntil = this.deps.clock.now() + GATHER_MS;
    await this.each(async (variable, part) => {
      await this.holdOrGoOn(variable, part);
      const state = this.fleet.variables.get(variable);
      if (state === undefined || (nextFlipAt(state, this.fleet.roster) ?? Infinity) > this.nowFor(part)) return;
      await this.settle(part, TICK_META, () =>
        decideVariable(this.fleet, variable, { type: 'tick' }, this.nowFor(part)),
      );
      this.checkpointLater(variable, part);
    });
  }

  private async holdOrGoOn(variable: string, part: VariablePart): Promise<void> {
    const next = (): VariableInput | undefined =>
      this.freezing.inputFor(this.fleet.variables.get(variable), part.isHeld);
    if (next() === undefined) return;
    // Looked at anew behind a conflict: another owner may have held it, or let it go on.
    await this.settle(part, FREEZE_META, () => {
      const input = next();
      return input === undefined ? [] : decideVariable(this.fleet, variable, input, this.nowFor(part));
    });
  }

  private checkRoom(variable: string): void {
    if (this.fleet.variables.has(variable) || this.fleet.variables.size < MAX_VARIABLES) return;
    const words = `a fleet has at most ${MAX_VARIABLES} variables: give an old one its next value, or begin another fleet`;
    throw new SluiceError('TOO_MANY_VARIABLES', words);
  }

  private each(work: (variable: string, part: VariablePart) => Promise<unknown>): Promise<void> {
    return inGroups([...this.memory.variables], AT_ONCE, ([variable, part]) => work(variable, part));
  }

  private nowFor({ head }: LogPart): number {
    return Math.max(this.deps.clock.now(), head.at);
  }

  /** Decides and writes; when another owner wrote meanwhile, reads that and decides again. */
  private async settle<E extends FleetLogEvent>(
    part: LogPart,
    meta: EventMeta,
    decide: Decide<E>,
  ): Promise<readonly E[]> {
    for (let tries = 0; tries <= MAX_CONFLICTS; tries += 1) {
      if (part.isStale && !(await part.catchUp())) throw cutShort(part);
      const events = decide();
      if (events.length === 0 || (await part.append(events.map((event) => ({ event, meta }))))) return events;
    }
    throw new SluiceError('BUSY', `others write to ${part.stream.id} all the while: say it again in a moment`);
  }

  /** In a turn of its own: whoever spoke to the variable is not kept waiting for it. */
  private checkpointLater(variable: string, { isDue }: VariablePart): void {
    if (!isDue) return;
    this.background(async () => {
      const part = this.memory.part(variable);
      if (!part.isDue) return;
      await this.settle(part, CHECKPOINT_META, () => {
        // Behind a conflict it may be held: who reads from a checkpoint on would not know that.
        if (!part.isDue) return [];
        const checkpoint = checkpointOf(variableOf(this.fleet, variable), this.fleet.roster);
        return checkpoint === undefined ? [] : [checkpoint];
      });
    });
  }

  /** For what nobody waits for. */
  private background(work: () => Promise<void>): void {
    if (this.turns.isStopped) return;
    this.inTurn(work).catch((error: unknown) => {
      this.quietUntil = this.deps.clock.now() + AGAIN_MS;
      this.wake();
      if (isSluiceError(error, 'STOPPING')) return;
      const facts = { fleet: this.name, reason: messageOf(error) };
      this.deps.logger.error(facts, 'the variables of a fleet could not be brought on; it is tried again in a moment');
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.turns
      .take(async () => {
        await this.memory.freshen();
        return work();
      })
      .finally(() => this.wake());
  }

  /** Sets the timer at the next flip: it follows from the log, and is never only in memory. */
  private wake(): void {
    if (this.turns.isStopped) return;
    const now = this.deps.clock.now();
    const at = this.memory.isStale ? now : this.memory.nextFlip();
    const next = Math.max(at, this.quietUntil, now);
    this.timers.set(TICK, at === Infinity ? undefined : Math.min(next, now + LONGEST_WAIT_MS), () => this.look());
  }
}
