import type { DomainEvent } from '@sluice/contracts';
import { planOf, type RolloutState, targetsOf } from '@sluice/rollout';

import type { Evidence, TargetOutcome } from './schema.js';
import { timeText } from './moments.js';

/** The last that was recorded of a target. */
interface Last {
  readonly at: number;
  readonly evidence: Evidence;
  readonly ms?: number;
}

/** What was recorded last of each target: two small objects each, however often it was tried. */
export class TargetLedger {
  readonly #last: Last[] = [];

  saw(event: DomainEvent, at: number, evidence: Evidence): void {
    const ms = event.type === 'StepSucceeded' || event.type === 'StepFailed' ? event.ms : undefined;
    for (const target of targetsIn(event)) this.#last[target] = { at, evidence, ...(ms === undefined ? {} : { ms }) };
  }

  /** Each target of the plan once, in its order. */
  *outcomes(state: RolloutState): Generator<TargetOutcome> {
    const { canaries } = planOf(state);
    for (let i = 0; i < state.targets.length; i += 1) {
      const [view] = targetsOf(state, i, i + 1);
      if (view === undefined) continue;
      const { host, phase, serving, n, step, code, message } = view;
      const from = state.targets[i]?.from;
      yield {
        ...{ target: i, host, ...(from === undefined ? {} : { from }) },
        ...{ outcome: phase, serving, canary: i < canaries, attempts: n },
        ...(step === undefined ? {} : { step }),
        ...(code === undefined ? {} : { code }),
        ...(message === undefined ? {} : { message }),
        ...lastOf(this.#last[i]),
      };
    }
  }
}

function lastOf(last: Last | undefined): Pick<TargetOutcome, 'recorded' | 'hostMs' | 'evidence'> {
  if (last === undefined) return {};
  const { at, ms, evidence } = last;
  return { recorded: timeText(at), ...(ms === undefined ? {} : { hostMs: ms }), evidence };
}

const NONE: readonly number[] = [];

function targetsIn(event: DomainEvent): readonly number[] {
  switch (event.type) {
    case 'StepSucceeded':
    case 'StepFailed':
    case 'DrainSkipped':
    case 'VerifyWaived':
    case 'TargetUnknown':
    case 'TargetExcluded':
    case 'SkipOrdered':
      return [event.target];
    case 'TargetsAdmitted':
    case 'TargetsSilent':
    case 'TargetsHeard':
    case 'TargetsLost':
      return event.targets;
    case 'RetryOrdered':
      return [...event.redo, ...event.probe];
    case 'MembersSynced':
      return [...event.gone, ...event.back];
    default:
      return NONE;
  }
}
