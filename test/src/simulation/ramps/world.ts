import type { Appended, Invariants, RolloutModel } from '@sluice/audit';
import { type GroupEntry, type Plan, type StreamName, type VariableEvent, variableStreamId } from '@sluice/contracts';
import type { Fleets } from '@sluice/executor';
import type { Clock } from '@sluice/kernel';
import { desiredStateOf } from '@sluice/variable';

import { RampMetrics } from './metrics.js';

export type VariableModel = NonNullable<ReturnType<Invariants['fleets']['variable']>>;

export const FLEET = 'backend';

/** A group for each variable that is ramped by rollouts: a group has one rollout under way. */
export const groupsOf = (variables: readonly string[], app: string): readonly GroupEntry[] =>
  variables.map((name) => ({ name, app, environment: 'production', fleet: { name: FLEET } }));

/** A ramp is looked at every half minute at least; who drives it is back soon after its death. */
const HELD_WITHIN_MS = 45_000;
/** An executor hears of a freeze within so long. */
const HEARD_WITHIN_MS = 3_000;
/** Who wakes up reads what happened meanwhile. */
const DAZED_MS = 10_000;

interface Parts {
  readonly clock: Clock;
  readonly invariants: Invariants;
  readonly complain: (what: string) => void;
}

interface Freeze {
  readonly from: number;
  readonly until: number;
  readonly covers: boolean;
}

/**
 * What an observer has to see of variables besides their own streams: nothing grows under a freeze or while their rollout
 * is held (I6), and every executor has each host have what the log says (I8, I10).
 */
export class RampWorld {
  readonly metrics = new RampMetrics();
  private readonly freezes = new Map<string, Freeze>();
  /** When people last said something to a variable. */
  private readonly said = new Map<string, number>();
  private troubledAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly parts: Parts) {}

  /** Somebody who drives died, or slept: what has a time is not held to it for now. */
  trouble(): void {
    this.troubledAt = this.parts.clock.now();
  }

  landed({ stream, draft, head }: Appended): void {
    for (const { event, meta } of draft.events) {
      if (meta.by.kind === 'user') this.said.set(stream.id, head.at);
      if (event.type === 'FreezeDeclared') {
        const { freeze, scope, from, until } = event;
        const covers = scope.kind === 'all' || (scope.kind === 'group' && scope.name === FLEET);
        this.freezes.set(freeze, { from: Math.max(from, head.at), until, covers });
      }
      if (event.type === 'FreezeLifted') this.freezes.delete(event.freeze);
      if (stream.writer === 'variable') this.grows(stream, event as VariableEvent, head.at);
    }
  }

  /** What each executor that drives the fleet holds, against what the log says. */
  differences(fleets: Fleets | undefined): readonly string[] {
    const fleet = fleets?.fleet(FLEET);
    const model = this.parts.invariants.fleets.model(FLEET);
    if (fleet === undefined || model === undefined) return ['nobody drives the fleet'];
    const wrong: string[] = [];
    fleet.roster.names.forEach((host, number) => {
      const state = desiredStateOf(fleet, host);
      for (const variable of model.variables.values()) {
        const expected = valueOf(variable, number);
        if (state?.[variable.name] !== expected)
          wrong.push(
            `I8: ${host} is to have ${variable.name} ${String(expected)}, it is told ${String(state?.[variable.name])}`,
          );
      }
    });
    return wrong.slice(0, 3);
  }

  private grows(stream: StreamName, event: VariableEvent, at: number): void {
    if (event.type !== 'ValuesAssigned' || event.rule !== 'ramp' || event.side !== 'to') return;
    if (at - this.troubledAt < DAZED_MS) return;
    for (const [name, { from, until, covers }] of this.freezes)
      if (covers && from + HEARD_WITHIN_MS < at && at < until && this.isHeldBy(stream.id, name))
        this.parts.complain(`I6: ${stream.id} flips while ${name} holds`);
    this.isLetGo(stream.id, at);
  }

  /** A freeze holds what is on its way: who comes back to a finished one gets its value. */
  private isHeldBy(id: string, freeze: string): boolean {
    const variable = this.variableOf(id);
    return variable?.phase === 'ramping' && variable.spite?.freezes.includes(freeze) !== true;
  }

  private variableOf(id: string): VariableModel | undefined {
    const variables = this.parts.invariants.fleets.model(FLEET)?.variables ?? new Map<string, VariableModel>();
    return [...variables.values()].find(({ name }) => id === variableStreamId(FLEET, name));
  }

  /** I6: a variable does not grow while the rollout that ramps it is held, unless a person has told it since. */
  private isLetGo(id: string, at: number): void {
    const variable = this.variableOf(id);
    if (variable?.phase !== 'ramping' || at - this.quietSince(variable) < HELD_WITHIN_MS) return;
    const driver = this.driverOf(variable);
    const ms = driver === undefined ? 0 : heldFor(driver, at);
    const isTold = (this.said.get(id) ?? 0) > at - ms;
    if (ms > HELD_WITHIN_MS && !isTold)
      this.parts.complain(`I6: ${variable.name} flips while ${driver?.id} is ${driver?.status} for ${ms} ms`);
  }

  private quietSince({ phases }: VariableModel): number {
    return Math.max(phases.at(-1)?.at ?? 0, this.troubledAt);
  }

  /** The rollout that ramps it, while it is under way. */
  private driverOf(variable: VariableModel): RolloutModel | undefined {
    const { rollouts } = this.parts.invariants;
    return [...rollouts.values()].find(
      ({ plan, status, entered }) => entered && status !== 'ended' && isOf(variable, plan),
    );
  }
}

const heldFor = ({ ramp }: RolloutModel, at: number): number => at - (ramp?.heldSince ?? at);

const isOf = ({ name, spec }: VariableModel, { ramp }: Plan): boolean =>
  ramp?.spec.name === name && ramp.spec.to === spec.to;

export const valueOf = ({ pins, sides, spec }: VariableModel, host: number) =>
  pins.get(host) ?? (sides[host] === 1 ? spec.to : spec.from);
