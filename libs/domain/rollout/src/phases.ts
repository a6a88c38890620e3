import type { RunKind, StepName } from '@sluice/contracts';
import { STEP_CHAIN } from '@sluice/contracts';

/** Where a target stands (design 6.4). */
export const PHASES = [
  'pending',
  'probing',
  'skipped',
  'draining',
  'downloading',
  'installing',
  'verifying',
  'verified',
  'enabling',
  'done',
  'failed',
  'unknown',
  'excluded',
  'untouched',
] as const;

export type Phase = (typeof PHASES)[number];

/** Phases are kept as small numbers, one byte a target. */
export const PHASE_CODE = Object.fromEntries(PHASES.map((phase, code) => [phase, code])) as Readonly<
  Record<Phase, number>
>;

const PHASE_OF_STEP: Readonly<Record<StepName, Phase>> = {
  probe: 'probing',
  drain: 'draining',
  download: 'downloading',
  install: 'installing',
  verify: 'verifying',
  enable: 'enabling',
};

/** The phase that a target is in while that step is under way. */
export const phaseOfStep = (step: StepName): Phase => PHASE_OF_STEP[step];

const FULL: readonly StepName[] = STEP_CHAIN;
const HELD: readonly StepName[] = STEP_CHAIN.slice(0, STEP_CHAIN.indexOf('enable'));
const PREFETCHED: readonly StepName[] = ['download', 'drain', 'install', 'verify', 'enable'];
const PREFETCHED_HELD: readonly StepName[] = PREFETCHED.slice(0, PREFETCHED.indexOf('enable'));
const ENABLE: readonly StepName[] = ['enable'];
const PROBE: readonly StepName[] = ['probe'];
const PROBE_ENABLE: readonly StepName[] = ['probe', 'enable'];

/** What the chain of a run depends on. */
export interface ChainOptions {
  /** A canary: it ends with verify. */
  readonly hold: boolean;
  /** The download comes before the drain. */
  readonly prefetch?: boolean | undefined;
  /** A balancer enables: the agent of a host that is well cannot know whether the balancer knows. */
  readonly balanced?: boolean;
}

/**
 * The steps of a run, in their order. A canary's chain ends with verify: its last step waits for an approval (TAR-25).
 * With `prefetch` the download comes before the drain, so the host serves meanwhile.
 */
export function stepsOfRun(
  run: RunKind,
  { hold, prefetch = false, balanced = false }: ChainOptions,
): readonly StepName[] {
  if (run === 'roll' && prefetch) return hold ? PREFETCHED_HELD : PREFETCHED;
  if (run === 'roll') return hold ? HELD : FULL;
  if (run === 'enable') return ENABLE;
  return balanced ? PROBE_ENABLE : PROBE;
}
