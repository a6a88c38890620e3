import {
  canonicalJson,
  type Fault,
  type FoundDrift,
  type InventoryUsed,
  type PlanEvent,
  type PlanTarget,
  type UnreachableHosts,
} from '@sluice/contracts';
import { type Decider, unreachable } from '@sluice/kernel';

import { chunkTargets, type SealedPlan } from './sealed-plan.js';

/** One refusal of a document, kept so that a message that is delivered again is not written again. */
export interface Refusal {
  readonly requestId: string;
  readonly documentHash: string;
  readonly faults: readonly Fault[];
  /** As far as the document could be read. */
  readonly app?: string;
  readonly group?: string;
}

/** One `plan` stream. `targets` holds what an unfinished write left behind and is given up when the plan is sealed. */
export interface PlanStreamState {
  readonly sealed: boolean;
  readonly planHash?: string;
  readonly rolloutId?: string;
  readonly requestId?: string;
  readonly documentHash?: string;
  readonly targets: PlanTarget[];
  readonly lastRefusal?: Refusal;
}

export type PlanStreamInput =
  /** `trace`: the traceparent that the rollout belongs to. `inventory`: what the plan was made from. */
  | {
      readonly type: 'plan';
      readonly sealed: SealedPlan;
      readonly trace?: string;
      readonly inventory?: InventoryUsed;
      readonly drift?: FoundDrift;
      readonly unreachable?: UnreachableHosts;
    }
  | { readonly type: 'refuse'; readonly refusal: Refusal };

function initialState(): PlanStreamState {
  return { sealed: false, targets: [] };
}

/**
 * A sealed stream is final: whatever comes, nothing is added, so its last commit holds RolloutPlanned for ever.
 *
 * A stream without a seal is the rest of a write that a crash cut off. When its targets are the first of the new plan,
 * the write goes on behind them. When they differ (the inventory changed meanwhile), it starts again at 0:
 * PlanTargetsAdded with `from` means "cut to `from`, then append", so the new chunks replace the old ones, and readers
 * that only trust a sealed stream never see a mixture (the seal carries the hash of all targets).
 */
function decide(state: PlanStreamState, input: PlanStreamInput): readonly PlanEvent[] {
  if (state.sealed) return [];
  switch (input.type) {
    case 'plan':
      return planned(state, input);
    case 'refuse':
      return refused(state, input.refusal);
    default:
      return unreachable(input, 'input of a plan stream');
  }
}

function planned(
  state: PlanStreamState,
  {
    sealed: { plan, planHash, targets },
    trace,
    inventory,
    drift,
    unreachable: silent,
  }: Extract<PlanStreamInput, { readonly type: 'plan' }>,
): readonly PlanEvent[] {
  const from = isPrefix(state.targets, targets) ? state.targets.length : 0;
  const beside = {
    ...(trace === undefined ? {} : { trace }),
    ...(inventory === undefined ? {} : { inventory }),
    ...(drift === undefined ? {} : { drift }),
    ...(silent === undefined ? {} : { unreachable: silent }),
  };
  return [...chunkTargets(targets, from), { type: 'RolloutPlanned', plan, planHash, ...beside }];
}

function isPrefix(written: readonly PlanTarget[], wanted: readonly PlanTarget[]): boolean {
  if (written.length > wanted.length) return false;
  return written.every((target, i) => {
    const other = wanted[i];
    return (
      target.host === other?.host &&
      target.site === other.site &&
      target.drained === other.drained &&
      target.from === other.from &&
      target.profile === other.profile
    );
  });
}

function refused(state: PlanStreamState, refusal: Refusal): readonly PlanEvent[] {
  const known = state.lastRefusal;
  const repeated =
    known?.documentHash === refusal.documentHash && canonicalJson(known.faults) === canonicalJson(refusal.faults);
  return repeated ? [] : [{ type: 'RequestRefused', ...refusal }];
}

function evolve(state: PlanStreamState, event: PlanEvent): PlanStreamState {
  switch (event.type) {
    case 'PlanTargetsAdded':
      addTargets(state.targets, event.from, event.targets);
      return state;
    case 'RolloutPlanned':
      return sealedState(event.plan, event.planHash);
    case 'RequestRefused':
      return {
        ...state,
        lastRefusal: { requestId: event.requestId, documentHash: event.documentHash, faults: event.faults },
      };
    default:
      return unreachable(event, 'event of a plan stream');
  }
}

function addTargets(targets: PlanTarget[], from: number, more: readonly PlanTarget[]): void {
  targets.length = Math.min(from, targets.length);
  for (const target of more) targets.push(target);
}

function sealedState(plan: SealedPlan['plan'], planHash: string): PlanStreamState {
  const { rolloutId, requestId, documentHash } = plan;
  return {
    sealed: true,
    planHash,
    rolloutId,
    requestId,
    ...(documentHash === undefined ? {} : { documentHash }),
    targets: [],
  };
}

/** The behaviour of a `plan` stream: one rollout's plan, or the refusals of what could not become one. */
export const planStream: Decider<PlanStreamState, PlanStreamInput, PlanEvent> = { initialState, decide, evolve };
