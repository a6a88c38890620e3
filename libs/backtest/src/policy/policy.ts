import type { Fault, GateAction, GateLimits, GateMeasure, GateName, GatePhase } from '@sluice/contracts';

/** A number of targets, or a share of the members of the group, in percent. */
export type Amount =
  { readonly kind: 'count'; readonly count: number } | { readonly kind: 'percent'; readonly percent: number };

/** What the candidate says of the budget and its brake (design 6.5). What it leaves out stays as each plan has it. */
export interface CandidateBrake {
  /** T: so many lost targets brake; never more than A. */
  readonly failureLimit?: Amount;
  /** A: so many may be out of service at once. */
  readonly maxUnavailable?: Amount;
  /** Failures that are taken on from the start. */
  readonly extraFailures?: number;
  /** An absolute floor of serving members. */
  readonly minServing?: number;
}

/** Numbers of a measure that a candidate may have otherwise, and its questions, which must be those that were asked. */
export type MeasurePatch = Readonly<Record<string, unknown>> & { readonly kind?: GateMeasure['kind'] };

/** A gate by its name, as a deploy request writes it. What it leaves out stays as each plan has it. */
export interface CandidateGate {
  readonly name: GateName;
  readonly source?: string;
  readonly at?: readonly GatePhase[];
  readonly onFail?: GateAction;
  readonly intervalMs?: number;
  readonly limits?: Partial<GateLimits>;
  readonly measure?: MeasurePatch;
}

/** Rollouts that the policy is for; all of them when a list is empty. */
export interface Selector {
  readonly apps: readonly string[];
  readonly groups: readonly string[];
  readonly environments: readonly string[];
}

/** A policy that is tried on what has been. */
export interface CandidatePolicy {
  readonly name: string;
  readonly applies: Selector;
  readonly brake: CandidateBrake;
  readonly gates: readonly CandidateGate[];
}

export type ParsedPolicy =
  { readonly ok: true; readonly policy: CandidatePolicy } | { readonly ok: false; readonly faults: readonly Fault[] };

export const EVERYTHING: Selector = { apps: [], groups: [], environments: [] };

/** Differs from the live policy in nothing. */
export const LIVE_POLICY: CandidatePolicy = { name: 'live', applies: EVERYTHING, brake: {}, gates: [] };

export const isSelected = (
  { apps, groups, environments }: Selector,
  plan: { readonly app: string; readonly group: string; readonly environment: string },
): boolean => fits(apps, plan.app) && fits(groups, plan.group) && fits(environments, plan.environment);

const fits = (wanted: readonly string[], name: string): boolean => wanted.length === 0 || wanted.includes(name);
