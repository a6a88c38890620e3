import type { GateName } from '../gates.js';

export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'error';

/**
 * Written by the health-gate on `gate` streams. `inputs` are the values that were judged and `words` the arithmetic,
 * so that the verdict can be decided again from the event alone.
 */
export interface GateJudged {
  readonly type: 'GateJudged';
  readonly stage: number;
  readonly round: number;
  readonly gate: GateName;
  readonly verdict: Verdict;
  readonly words: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly policyHash: string;
  /** Absent: at the exit of the stage. `during`: `round` counts the releases of a gate's brake in the stage, from 1. */
  readonly phase?: 'entry' | 'during';
  /** It decides nothing (`onFail: record`). */
  readonly shadow?: true;
}

/** A member that is heard of and is no target of the rollout. `running`: what its agent says; null = nothing. */
export interface SeenMember {
  readonly host: string;
  readonly running: string | null;
}

/** A host that runs another version than the last that is recorded of it (XIM-08); `recorded` null = nothing is. */
export interface Drift {
  readonly host: string;
  readonly recorded: string | null;
  readonly running: string;
}

/** Drift that was found when a plan was made: the first hosts, and how many there are. */
export interface FoundDrift {
  readonly count: number;
  readonly hosts: readonly Drift[];
}

/**
 * What heartbeats say of a rollout's hosts, written by the health-gate when it changes. Targets are named by their
 * place in the plan; the executor draws the conclusions.
 */
export type FleetEvent =
  /** Nothing was heard of them for `afterMs`, though they had been heard of. */
  | { readonly type: 'HostsSilent'; readonly targets: readonly number[]; readonly afterMs: number }
  /** They are back as they are recorded. */
  | { readonly type: 'HostsHeard'; readonly targets: readonly number[] }
  /** Members of the group that the plan does not have. */
  | { readonly type: 'MembersSeen'; readonly members: readonly SeenMember[] }
  | { readonly type: 'DriftSeen'; readonly drifts: readonly Drift[] };

export type GateEvent = GateJudged | FleetEvent;
