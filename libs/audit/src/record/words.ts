import type { DomainEvent } from '@sluice/contracts';

type Told<T extends DomainEvent['type']> = Extract<DomainEvent, { readonly type: T }>;
type Words = { readonly [T in DomainEvent['type']]?: (event: Told<T>, hostOf: (target: number) => string) => string };

/** What a record tells, in words; the course of single targets is in their outcomes. */
const WORDS: Words = {
  RolloutStarted: ({ token, rollbackTo }) =>
    `started with lease ${token}${rollbackTo === undefined ? '' : `; a rollback would restore ${rollbackTo.version}`}`,
  ApprovalRequested: ({ approval, planHash }) => `approval of ${approval} asked for plan ${planHash.slice(0, 12)}`,
  ApprovalGranted: ({ approval, planHash }) => `approved ${approval} for plan ${planHash.slice(0, 12)}`,
  ApprovalRejected: ({ approval }) => `rejected ${approval}`,
  VerifyWaived: ({ target, by }, hostOf) => `${hostOf(target)} serves although its verify failed; ${by} answers for it`,
  DrainSkipped: ({ target, step, words }, hostOf) => `${step} of ${hostOf(target)} gone on without: ${words}`,
  TargetExcluded: ({ target }, hostOf) => `${hostOf(target)} excluded`,
  TargetsLost: ({ targets }) => `${targets.length} targets given up as lost`,
  GateJudged: ({ stage, round, gate, verdict, words, shadow, policyHash }) =>
    `gate ${gate} of stage ${stage}, round ${round}: ${verdict}${shadow === true ? ' (decides nothing)' : ''}: ${words} [policy ${policyHash.slice(0, 12)}]`,
  RolloutBraked: ({ cause }) => `braked by ${cause.kind}: ${cause.words}`,
  BrakeReleased: ({ by }) => `brake released by ${by}`,
  BudgetChanged: ({ members, maxUnavailable, failureLimit, extraFailures }) =>
    `budget is now ${maxUnavailable} of ${members} unavailable, brake at ${failureLimit} lost, ${extraFailures} written off`,
  RetryOrdered: ({ redo, probe }) => `retry of ${redo.length} targets, ${probe.length} more are looked at first`,
  SkipOrdered: ({ target }, hostOf) => `skip of ${hostOf(target)}`,
  RolloutPaused: () => 'paused',
  RolloutResumed: () => 'resumed',
  ModeChanged: ({ mode }) => `mode is now ${mode}`,
  IntervalsChanged: ({ intervalMs, tailIntervalMs }) =>
    `interval is now ${intervalMs} ms, of the tail ${tailIntervalMs} ms`,
  BatchProceeded: ({ stage }) => `stage ${stage} may begin`,
  RolloutSettling: ({ cause }) => `ends what is under way: ${cause}`,
  RolloutSucceeded: () => 'succeeded',
  RolloutFailed: ({ notServing }) => `failed; ${notServing.length} hosts do not serve`,
  RolloutCancelled: ({ cause, notServing }) => `cancelled (${cause}); ${notServing.length} hosts do not serve`,
  RolloutClosed: ({ cause }) => `closed (${cause})`,
  RollbackRequested: ({ to, targets }) => `rollback to ${to.version} asked for ${targets.length} targets`,
  WeightSet: ({ weights, why }) => `weights ${JSON.stringify(weights)} (${why})`,
  SideRetireOrdered: ({ side }) => `side ${side} is to be retired`,
  SideRetired: ({ side }) => `side ${side} is retired`,
  RolloutFrozen: ({ words }) => `frozen: ${words}`,
  RolloutThawed: ({ freeze }) => `no longer frozen by ${freeze}`,
  FreezeOverridden: ({ by }) => `hotfix: goes on in spite of freezes; ${by} answers for it`,
  RampSeen: ({ phase, to, hosts, words }) =>
    `ramp ${phase}: ${to} of ${hosts} hosts have the new value${words === undefined ? '' : ` (${words})`}`,
  RolloutLabelled: ({ label }) => `labelled ${label}`,
};

/** Undefined for what a record does not tell one by one. */
export function wordsOf(event: DomainEvent, hostOf: (target: number) => string): string | undefined {
  const tell = WORDS[event.type] as ((event: DomainEvent, hostOf: (target: number) => string) => string) | undefined;
  return tell?.(event, hostOf);
}
