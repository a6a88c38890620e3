import type { RosterCheckpoint, RosterEvent, VariableEvent } from '@sluice/contracts';
import {
  evolveFleet,
  evolveVariable,
  type Fleet,
  initialFleet,
  isRosterEvent,
  nextFlipAt,
  rosterCheckpointDue,
  rosterCheckpointOf,
  RosterCheckpoints,
} from '@sluice/variable';

import type { ActorDeps } from '../actors/actor-parts.js';
import { FREEZE_POLICY } from './freezing.js';
import { inGroups } from './in-groups.js';
import { LogPart, type Told } from './log-part.js';
import { type FleetCommit, ownerOfStream, rosterStream, variableStream } from './names.js';
import { readRoster, readVariable } from './read-variable.js';

/** Streams that are read or written at once. */
export const AT_ONCE = 32;

/** Events after which a variable says all of itself in one: so many are read by a start. */
const CHECKPOINT_EVERY = 500;
/** The same where it comes to rest, unless next to nothing was said since. */
const CHECKPOINT_AT_REST = 20;

/** A variable's stream, and what its checkpoint does not say. */
export class VariablePart extends LogPart {
  /** Paused by a freeze: what is paused by people goes on when they say so. */
  isHeld = false;
  /** It came to rest since then. */
  cameToRest = false;
  /** Events since all of it was last said in one event. */
  sinceCheckpoint = 0;

  /** True when it is time to say all of it in one event. Whose pause it was stands in the pause alone. */
  get isDue(): boolean {
    return !this.isHeld && this.sinceCheckpoint >= (this.cameToRest ? CHECKPOINT_AT_REST : CHECKPOINT_EVERY);
  }
}

/** What the log says of one fleet, folded. */
export class FleetMemory {
  fleet: Fleet = initialFleet();
  roster: LogPart;
  readonly variables = new Map<string, VariablePart>();
  /** A fold failed: nothing may be decided on what is there. */
  private isBroken = false;
  private readonly checkpoints = new RosterCheckpoints();
  /** Events of the roster since all of it was last said. */
  private sinceHosts = 0;
  /** Variables that somebody wrote of. */
  private readonly names = new Set<string>();

  constructor(
    readonly name: string,
    private readonly deps: ActorDeps,
    private readonly isStopped: () => boolean,
  ) {
    this.roster = this.newRoster();
  }

  /** Nothing was ever said of it that holds. */
  get isNobody(): boolean {
    return this.roster.head.rev === 0 && [...this.variables.values()].every(({ head }) => head.rev === 0);
  }

  /** What says all of the roster anew, when it is time to. */
  rosterCheckpoint(): readonly RosterCheckpoint[] {
    return this.isRosterDue ? rosterCheckpointOf(this.fleet.roster) : [];
  }

  get isRosterDue(): boolean {
    return rosterCheckpointDue(this.fleet.roster, this.sinceHosts);
  }

  /** The stream of a variable; one that is new is kept from its first commit on. Code BAD_NAME. */
  part(variable: string): VariablePart {
    return this.variables.get(variable) ?? this.newVariable(variable);
  }

  /** Something was read of that stream: it is there. */
  know({ stream }: FleetCommit): void {
    this.partOf(stream.id).isStale = true;
  }

  /** When the next host changes by time alone, ms since the epoch. */
  nextFlip(): number {
    let next = Infinity;
    for (const variable of this.fleet.variables.values())
      next = Math.min(next, nextFlipAt(variable, this.fleet.roster) ?? Infinity);
    return next;
  }

  /** Takes a commit that was followed; false when it is no news, or is read later. */
  observe(commit: FleetCommit, isAtRest: boolean): boolean {
    const part = this.partOf(commit.stream.id);
    if (commit.head.rev <= part.head.rev || part.isOwn(commit)) return false;
    if (!isAtRest || part.isStale || commit.head.rev !== part.head.rev + 1) {
      part.isStale = true;
      return false;
    }
    part.take(commit);
    return true;
  }

  get isStale(): boolean {
    return this.isBroken || this.roster.isStale || [...this.variables.values()].some(({ isStale }) => isStale);
  }

  /** Reads what others wrote, and all of it anew when that does not follow on what is here. */
  async freshen(): Promise<void> {
    if (!this.isStale) return;
    if (this.isBroken) return this.load();
    const stale = [this.roster, ...this.variables.values()].filter((part) => part.isStale);
    for (const part of stale) if (!(await part.catchUp())) return this.load();
  }

  /** Reads all of it from the log: the hosts, and each variable from its last checkpoint on. */
  async load(): Promise<void> {
    this.isBroken = true;
    this.fleet = initialFleet();
    this.sinceHosts = 0;
    this.variables.clear();
    this.roster = this.newRoster();
    await readRoster(this.deps.log, this.roster);
    this.roster.isStale = false;
    await inGroups([...this.names], AT_ONCE, async (name) => {
      const part = this.newVariable(name);
      await readVariable(this.deps.log, part);
    });
    this.isBroken = false;
  }

  private partOf(id: string): LogPart {
    const variable = ownerOfStream(id)?.variable;
    if (variable === undefined) return this.roster;
    const part = this.part(variable);
    this.names.add(variable);
    this.variables.set(variable, part);
    return part;
  }

  private newRoster(): LogPart {
    return new LogPart(rosterStream(this.name), this.deps, (told) => this.foldHosts(told), this.isStopped);
  }

  private newVariable(name: string): VariablePart {
    const fold = (told: Told): void => {
      this.names.add(name);
      this.variables.set(name, part);
      this.foldVariable(name, part, told);
    };
    const part: VariablePart = new VariablePart(variableStream(this.name, name), this.deps, fold, this.isStopped);
    return part;
  }

  private foldHosts({ event }: Told): void {
    this.sinceHosts = this.checkpoints.take(event) ? 0 : this.sinceHosts + 1;
    this.whole(() => evolveFleet(this.fleet, event as RosterEvent));
  }

  private foldVariable(name: string, part: VariablePart, { event, at, meta }: Told): void {
    if (isRosterEvent(event)) return;
    const isCheckpoint = event.type === 'VariableCheckpointed';
    part.sinceCheckpoint = isCheckpoint ? 0 : part.sinceCheckpoint + 1;
    part.cameToRest = !isCheckpoint && (part.cameToRest || RESTS.has(event.type));
    if (MOVES.has(event.type)) part.isHeld = event.type === 'RampPaused' && meta.by.id === FREEZE_POLICY.id;
    this.whole(() => evolveVariable(this.fleet, name, event, at));
  }

  private whole(fold: () => void): void {
    try {
      fold();
    } catch (error) {
      this.isBroken = true;
      throw error;
    }
  }
}

const MOVES: ReadonlySet<string> = new Set<VariableEvent['type']>([
  'RampStarted',
  'RampReversed',
  'RampPaused',
  'RampResumed',
  'RampStopped',
  'RampFinished',
  'VariableReverted',
]);

const RESTS: ReadonlySet<string> = new Set<VariableEvent['type']>([
  'RampPaused',
  'RampStopped',
  'RampFinished',
  'VariableReverted',
]);
