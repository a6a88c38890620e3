import {
  approvalName,
  closed,
  code,
  count,
  durationMs,
  fellBack,
  gateName,
  instant,
  int,
  is,
  list,
  map,
  mode,
  name,
  nullable,
  oneOfTexts,
  reason,
  rolloutId,
  runKind,
  sha256Hex,
  shownUrl,
  text,
  words,
  yes,
} from './parts.js';

const index = count;
const attemptNumber = int(1, 1_000_000);
/** Bounded by what a commit holds anyway. */
const indexes = list(index, 300_000);

/** Targets as ranges when they ascend (`r`) or as bits from `at` on (`b`), one by one otherwise (`l`). */
const bits = closed({ at: index, b: { type: 'string', pattern: '^[A-Za-z0-9_-]*$' } });
export const targets = { type: 'object', oneOf: [closed({ r: indexes }), closed({ l: indexes }), bits] };
const counts = closed({
  done: count,
  skipped: count,
  failed: count,
  unknown: count,
  excluded: count,
  untouched: count,
});
export const batches = list({ type: 'array', items: [count, count], minItems: 2, maxItems: 2 }, 10_000);

/** A rollback may use those of the plan that it restores and those of the group as it is now. */
export const MAX_PROFILES = 256;

export const planTarget = closed(
  { host: name, site: name, drained: is(true), from: name, profile: int(0, MAX_PROFILES - 1) },
  'site',
  'drained',
  'from',
  'profile',
);

/** A heartbeat's words: what runs need not be a version that anybody recorded. */
const seenMembers = list(closed({ host: name, running: nullable(text(200)) }), 10_000);
const drift = closed({ host: name, recorded: nullable(text(200)), running: text(200) });
export const foundDrift = closed({ count, hosts: list(drift, 100) });
const behind = closed({ count, members: seenMembers });
const membersSynced = closed({ gone: targets, back: targets, batches, problem: words }, 'problem');

const endCause = oneOfTexts('cancelled', 'superseded', 'rollback', 'rejected');
const verdict = oneOfTexts('pass', 'fail', 'inconclusive', 'error');
const stepLetter = oneOfTexts('p', 'd', 'l', 'i', 'v', 'e');
const step = oneOfTexts('probe', 'drain', 'download', 'install', 'verify', 'enable');

/** [target, step, n, ms], a note, and how a download with several sources went (`note` is null then when there is none). */
const stepSucceeded = {
  type: 'array',
  items: [
    index,
    stepLetter,
    attemptNumber,
    durationMs,
    nullable(oneOfTexts('local', 'waived')),
    closed({ source: shownUrl, fellBack }, 'source', 'fellBack'),
  ],
  minItems: 4,
  maxItems: 6,
};

const brakeCause = closed(
  {
    kind: oneOfTexts('budget', 'canary', 'gate', 'capacity', 'log', 'dependency', 'ramp'),
    words,
    numbers: map({ type: 'number' }, 32),
    targets: indexes,
  },
  'targets',
);

const stepFailed = closed(
  {
    target: index,
    step,
    n: attemptNumber,
    ms: durationMs,
    code,
    message: words,
    serving: yes,
    again: int(0, 100),
    source: shownUrl,
    fellBack,
  },
  'again',
  'source',
  'fellBack',
);

const budgetChanged = closed(
  { members: count, maxUnavailable: count, failureLimit: count, extraFailures: count, reason },
  'reason',
);

const rollbackTarget = closed({ rolloutId, version: name });

const rollbackRequested = closed(
  {
    to: rollbackTarget,
    targets,
    down: targets,
    ordinal: int(1, 1_000_000),
    reason,
  },
  'reason',
);

const gateOfRound = { stage: index, round: int(1, 1_000_000), gate: gateName, verdict, words };

/** Payloads of version 1 of the events on `exec` streams. */
export const ROLLOUT_EVENT_SCHEMAS = {
  RolloutStarted: closed({ token: int(1, Number.MAX_SAFE_INTEGER), rollbackTo: rollbackTarget }, 'rollbackTo'),
  ApprovalRequested: closed({ approval: approvalName, planHash: sha256Hex }),
  ApprovalGranted: closed({ approval: approvalName, planHash: sha256Hex, reason }, 'reason'),
  ApprovalRejected: closed({ approval: approvalName, reason }, 'reason'),
  WaitStarted: closed({
    wait: oneOfTexts('interval', 'bake', 'dwell', 'capacity', 'drain'),
    stage: index,
    until: instant,
  }),
  BatchAwaited: closed({ stage: index }),
  BatchProceeded: closed({ stage: index }),
  StageEntered: closed({ stage: index }),
  TargetsAdmitted: closed({ run: runKind, targets, deadline: instant }),
  StepSucceeded: stepSucceeded,
  StepFailed: stepFailed,
  TargetUnknown: closed({ target: index, step, n: attemptNumber, code: oneOfTexts('DEADLINE', 'UNREACHABLE') }),
  DrainSkipped: closed({
    target: index,
    n: attemptNumber,
    step: oneOfTexts('drain', 'enable'),
    dependency: name,
    words,
  }),
  VerifyWaived: closed({ target: index, by: text(200, 1), reason }, 'reason'),
  TargetExcluded: closed({ target: index, reason }),
  StageSettled: closed({ stage: index, counts }),
  GatesRequested: closed(
    { stage: index, round: int(1, 1_000_000), gates: list(gateName, 64), passNotBefore: instant, phase: is('entry') },
    'phase',
  ),
  GateRecorded: closed({ ...gateOfRound, phase: oneOfTexts('entry', 'during') }, 'phase'),
  StagePassed: closed({ stage: index }),
  RolloutBraked: closed({ cause: brakeCause }),
  BrakeReleased: closed({ by: oneOfTexts('retry', 'resume', 'override', 'waive'), reason }, 'reason'),
  BudgetChanged: budgetChanged,
  RetryOrdered: closed({ redo: targets, probe: targets, reason }, 'reason'),
  MembersAdded: closed({ from: count, targets: list(planTarget, 100_000, 1) }),
  MembersSynced: membersSynced,
  MembersJoined: closed({ members: seenMembers }),
  TargetsSilent: closed({ targets, deadline: instant }),
  TargetsHeard: closed({ targets }),
  TargetsLost: closed({ targets }),
  SkipOrdered: closed({ target: index, reason }, 'reason'),
  RolloutPaused: closed({ reason }, 'reason'),
  RolloutResumed: closed({ reason }, 'reason'),
  ModeChanged: closed({ mode, reason }, 'reason'),
  IntervalsChanged: closed({ intervalMs: durationMs, tailIntervalMs: durationMs, reason }, 'reason'),
  RolloutSettling: closed({ cause: endCause, reason, by: rolloutId }, 'reason', 'by'),
  RolloutSucceeded: closed({ counts, behind }, 'behind'),
  RolloutFailed: closed({ counts, notServing: targets, behind }, 'behind'),
  RolloutCancelled: closed({ cause: endCause, counts, notServing: targets, behind }, 'behind'),
  RolloutClosed: closed({ cause: oneOfTexts('closed', 'superseded'), reason }, 'reason'),
  RollbackRequested: rollbackRequested,
} as const;

/** Payloads of version 1 on `gate` streams. */
export const GATE_EVENT_SCHEMAS = {
  GateJudged: closed(
    {
      ...gateOfRound,
      inputs: { type: 'object' },
      policyHash: text(128),
      phase: oneOfTexts('entry', 'during'),
      shadow: is(true),
    },
    'phase',
    'shadow',
  ),
  HostsSilent: closed({ targets, afterMs: durationMs }),
  HostsHeard: closed({ targets }),
  MembersSeen: closed({ members: seenMembers }),
  DriftSeen: closed({ drifts: list(drift, 10_000) }),
} as const;
