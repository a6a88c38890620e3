import type { GateName, TargetCounts } from '@sluice/contracts';

import { measuredFaults } from './measured/faults.js';
import type { ReadyPolicy } from './policy.js';

/** Log positions that the facts stand on: of the request, and of the last commit of the rollout that was folded. */
export interface GatePositions {
  readonly request: number;
  readonly exec: number;
}

/** What every judgement is told. Times are ms since the epoch. */
export interface GateFrame {
  readonly stage: number;
  readonly round: number;
  /** When it was judged. */
  readonly at: number;
  /** No pass before this; a fail at any time. */
  readonly passNotBefore: number;
  readonly positions: GatePositions;
}

/** `settled`: where the targets of the stage stand. */
export interface SettledInputs extends GateFrame {
  readonly gate: 'settled';
  readonly targets: number;
  readonly inStep: number;
  readonly counts: TargetCounts;
}

/** A host and what is wrong with it: `runs 1.0.0`. */
export interface ReadyExample {
  readonly host: string;
  readonly says: string;
  readonly heartbeats: number;
}

/**
 * `ready`: what heartbeats say of the targets that came through. `desired` = ready + notReady + doubtful + silent;
 * `problem` is set when heartbeats cannot be read at all.
 */
export interface ReadyInputs extends GateFrame {
  readonly gate: 'ready';
  readonly policy: ReadyPolicy;
  readonly version: string;
  readonly desired: number;
  readonly ready: number;
  /** Contradicted in `policy.heartbeats` heartbeats in a row. */
  readonly notReady: number;
  /** Contradicted, but not so often yet. */
  readonly doubtful: number;
  /** Without a fresh heartbeat since they were done. */
  readonly silent: number;
  readonly examples: readonly ReadyExample[];
  readonly problem?: string;
}

/** Of the built-in gates; those of the plan have MeasuredInputs. */
export type GateInputs = SettledInputs | ReadyInputs;

/** At most so many hosts are named in a verdict. */
export const MAX_EXAMPLES = 5;

type Check = (value: unknown) => boolean;

const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isText: Check = (value) => typeof value === 'string';

const allCounts =
  (...keys: readonly string[]): Check =>
  (value) =>
    isRecord(value) && keys.every((key) => isCount(value[key]));

const FRAME: Readonly<Record<string, Check>> = {
  stage: isCount,
  round: isCount,
  at: isCount,
  passNotBefore: isCount,
  positions: allCounts('request', 'exec'),
};

const isExample: Check = (value) =>
  isRecord(value) && isText(value['host']) && isText(value['says']) && isCount(value['heartbeats']);

const SHAPES: Readonly<Record<GateName, Readonly<Record<string, Check>>>> = {
  settled: {
    ...FRAME,
    targets: isCount,
    inStep: isCount,
    counts: allCounts('done', 'skipped', 'failed', 'unknown', 'excluded', 'untouched'),
  },
  ready: {
    ...FRAME,
    policy: allCounts('limit', 'heartbeats', 'freshMs'),
    version: isText,
    desired: isCount,
    ready: isCount,
    notReady: isCount,
    doubtful: isCount,
    silent: isCount,
    examples: (value) => Array.isArray(value) && value.length <= MAX_EXAMPLES && value.every(isExample),
    problem: (value) => value === undefined || isText(value),
  },
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Names of what is missing or wrong in inputs that were read back from the log; empty when they can be judged. */
export function inputFaults(gate: GateName, inputs: Readonly<Record<string, unknown>>): string[] {
  if ('measure' in inputs) return measuredFaults(gate, inputs);
  const shape = Object.hasOwn(SHAPES, gate) ? SHAPES[gate] : undefined;
  if (shape === undefined || inputs['gate'] !== gate) return ['gate'];
  return Object.entries(shape)
    .filter(([key, check]) => !check(inputs[key]))
    .map(([key]) => key);
}
