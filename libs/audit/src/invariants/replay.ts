import type { EventToAppend, PlanEvent, RolloutEvent } from '@sluice/contracts';
import { evolveRollout, initialRollout, type Phase, phaseAt, type RolloutState } from '@sluice/rollout';

import type { Complain } from './complain.js';
import { numbersOf, type RolloutModel, type TargetModel } from './rollout-model.js';

/** What the domain calls a target that an outsider sees there. */
const PHASES: Readonly<Record<TargetModel['where'], readonly Phase[]>> = {
  pending: ['pending', 'untouched', 'failed'],
  open: ['probing', 'draining', 'downloading', 'installing', 'verifying', 'enabling'],
  held: ['verified', 'failed'],
  done: ['done'],
  skipped: ['skipped'],
  failed: ['failed'],
  unknown: ['unknown', 'failed'],
  excluded: ['excluded'],
};

/** I10: the state folded from the log, held against the outsider's model after each commit. */
export class Replay {
  private readonly state: RolloutState = initialRollout();

  /** Events of one commit of a `plan` or `exec` stream; `at` in ms since the epoch. */
  fold(events: readonly EventToAppend[], at: number): void {
    for (const { event } of events) evolveRollout(this.state, event as PlanEvent | RolloutEvent, at);
  }

  compare(model: RolloutModel, complain: Complain): void {
    const { state } = this;
    const { out, lost, A } = numbersOf(model);
    const expected = { out, lost, members: model.members, A };
    const got = { out: state.outCount, lost: state.lostCount, members: state.members, A: state.maxUnavailable };
    if (JSON.stringify(expected) !== JSON.stringify(got) && model.status !== 'ended') {
      complain('I10', `the folded state says ${JSON.stringify(got)}, the events ${JSON.stringify(expected)}`);
    }
    this.compareShift(model, complain);
    this.compareRamp(model, complain);
    model.targets.forEach((target, index) => {
      const phase = phaseAt(state, index);
      if (!PHASES[target.where].includes(phase))
        complain('I10', `the folded state has ${target.host} at ${phase}, the events at ${target.where}`);
    });
  }

  private compareRamp({ ramp, status }: RolloutModel, complain: Complain): void {
    if (ramp === undefined || status === 'ended') return;
    const { seen, going } = this.state.ramp ?? {};
    const [expected, got] = [wordsOf(ramp.seen, ramp.isGoing), wordsOf(seen, going)];
    if (expected !== got) complain('I10', `the folded state has the variable ${got}, the events ${expected}`);
  }

  /** Freezes, and the weights of a shift. */
  private compareShift({ shift, freezes, status }: RolloutModel, complain: Complain): void {
    const { traffic, freezes: known, overridden } = this.state;
    const held = [...known.keys()].map((name) => `${name} ${overridden.has(name) ? 'overridden' : 'holds'}`);
    const told = [...freezes].map(([name, how]) => `${name} ${how}`);
    if (held.toSorted().join() !== told.toSorted().join() && status !== 'ended')
      complain('I10', `the folded state has the freezes ${held.join()}, the events ${told.join()}`);
    if (shift === undefined || traffic === undefined) return;
    const { newSide } = shift.plan;
    const expected = { weight: shift.weight, inForce: shift.inForce, pending: shift.pending, gone: shift.retired };
    const { weights, published, pending, retired } = traffic;
    const got = {
      ...{ weight: weights?.[newSide] ?? 0, inForce: published?.weights[newSide] ?? 0 },
      ...{ pending, gone: retired },
    };
    if (JSON.stringify(expected) !== JSON.stringify(got))
      complain('I10', `the folded state says ${JSON.stringify(got)}, the events ${JSON.stringify(expected)}`);
  }
}

type Sight = { readonly phase: string; readonly to: number; readonly hosts: number } | undefined;

const wordsOf = (seen: Sight, isGoing = false): string =>
  `${seen === undefined ? 'unseen' : `${seen.phase} at ${seen.to} of ${seen.hosts}`}${isGoing ? ', going' : ''}`;
