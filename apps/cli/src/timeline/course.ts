import type { DomainEvent, RollbackTarget, TargetCounts } from '@sluice/contracts';
import { formatDuration } from '@sluice/kernel';

import { behindInWords, membersInWords } from './members.js';
import type { Ramp } from './ramp.js';
import type { Shift } from './shift.js';
import { brakeInWords, plural, someOf, why } from './words.js';

interface Names {
  readonly hostOf: (target: number) => string;
  readonly countsInWords: (counts: TargetCounts) => string;
  readonly shift: Shift;
  readonly ramp: Ramp;
  /** When it happened, ms since the epoch. */
  readonly at: number;
}

/** What happened to the rollout as a whole; undefined for what is not worth a line. */
export function courseInWords(event: DomainEvent, names: Names): string | undefined {
  switch (event.type) {
    case 'RolloutStarted':
      return `started with lease token ${event.token}; ${names.shift.wayBackInWords() ?? names.ramp.wayBackInWords() ?? restoredInWords(event.rollbackTo)}`;
    case 'ApprovalRequested':
      return `waits for the approval "${event.approval}" of plan ${event.planHash.slice(0, 12)}`;
    case 'ApprovalGranted':
      return `approved "${event.approval}" of plan ${event.planHash.slice(0, 12)}${why(event.reason)}`;
    case 'ApprovalRejected':
      return `rejected "${event.approval}"${why(event.reason)}`;
    case 'RolloutPaused':
      return `paused${why(event.reason)}`;
    case 'RolloutResumed':
      return `resumed${why(event.reason)}`;
    case 'ModeChanged':
      return `mode is ${event.mode} now${why(event.reason)}`;
    case 'IntervalsChanged':
      return `waits are ${formatDuration(event.intervalMs)} and ${formatDuration(event.tailIntervalMs)} now${why(event.reason)}`;
    default:
      return (
        troubleInWords(event, names) ??
        membersInWords(event, names.hostOf) ??
        names.shift.tell(event) ??
        endInWords(event, names)
      );
  }
}

const restoredInWords = (to: RollbackTarget | undefined): string =>
  to === undefined ? 'there is nothing to roll back to' : `a rollback would restore ${to.version}`;

function troubleInWords(event: DomainEvent, { hostOf }: Names): string | undefined {
  switch (event.type) {
    case 'RolloutBraked':
      return `BRAKED: ${brakeInWords(event.cause)}${event.cause.targets === undefined ? '' : `: ${someOf(event.cause.targets.map(hostOf))}`}`;
    case 'BrakeReleased':
      return `brake released by ${event.by}${why(event.reason)}`;
    case 'BudgetChanged':
      return `budget: ${plural(event.members, 'member')}, at most ${event.maxUnavailable} unavailable, brake at ${Math.min(event.maxUnavailable, event.failureLimit)} lost${event.extraFailures > 0 ? `, ${event.extraFailures} taken on` : ''}${why(event.reason)}`;
    case 'RetryOrdered':
      return `retry: ${plural(event.redo.length, 'host')} again, ${event.probe.length} looked at first${why(event.reason)}`;
    case 'VerifyWaived':
      return `verify of ${hostOf(event.target)} waived in the name of ${event.by}${why(event.reason)}`;
    case 'SkipOrdered':
      return `skip of ${hostOf(event.target)} ordered, if it runs the version already${why(event.reason)}`;
    case 'RollbackRequested':
      return `rollback to ${event.to.version} ordered for ${plural(event.targets.length, 'host')}, ${event.down.length} of them not serving${why(event.reason)}`;
    default:
      return undefined;
  }
}

function endInWords(event: DomainEvent, { hostOf, countsInWords, shift, ramp, at }: Names): string | undefined {
  switch (event.type) {
    case 'RolloutSettling':
      return `settles: ${event.cause}${event.by === undefined ? '' : ` by ${event.by}`}${why(event.reason)}`;
    case 'RolloutSucceeded':
      return `SUCCEEDED: ${shift.endInWords(true) ?? ramp.endInWords(at) ?? countsInWords(event.counts)}${behindInWords(event.behind)}`;
    case 'RolloutFailed':
      return `FAILED: ${countsInWords(event.counts)}; ${notServing(event.notServing, hostOf)}${behindInWords(event.behind)}`;
    case 'RolloutCancelled':
      return `CANCELLED (${event.cause}): ${shift.endInWords(false) ?? ramp.endInWords(at) ?? `${countsInWords(event.counts)}; ${notServing(event.notServing, hostOf)}`}${behindInWords(event.behind)}`;
    case 'RolloutClosed':
      return `closed${event.cause === 'superseded' ? ' by a newer rollout' : ''}${why(event.reason)}`;
    default:
      return undefined;
  }
}

const notServing = (targets: readonly number[], hostOf: (target: number) => string): string =>
  targets.length === 0 ? 'every host serves' : `not serving: ${someOf(targets.map(hostOf))}`;
