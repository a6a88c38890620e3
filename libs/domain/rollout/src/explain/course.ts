import { type Explanation, type Stage, stageAt, type TargetCounts, weigh } from '@sluice/contracts';

import { phaseAt, planOf, type RolloutState } from '../state.js';
import { inStep } from './ends.js';
import { because, doubted, type Of, type Told } from './told.js';

export const stageName = (state: RolloutState, stage: number): string =>
  stageAt(planOf(state), stage)?.name ?? `stage ${stage}`;

export function explainStarted({ event, state }: Told<Of<'RolloutStarted'>>): Explanation {
  const { token, rollbackTo } = event;
  return {
    kind: 'lease',
    outcome: 'started',
    rule: 'lease: a rollout starts when its group gives it the lease; its way back is fixed then',
    inputs: { group: planOf(state).group, token, ...(rollbackTo === undefined ? {} : { back: rollbackTo.version }) },
    arithmetic:
      rollbackTo === undefined
        ? `lease ${token}; there is nothing to roll back to`
        : `lease ${token}; a rollback restores ${rollbackTo.version} of ${rollbackTo.rolloutId}`,
  };
}

/** What had to hold before its first target was touched. */
export function explainEntered(told: Told<Of<'StageEntered'>>): Explanation {
  const { event, state } = told;
  const stage = stageAt(planOf(state), event.stage);
  const gates = stage?.entryGates.length ?? 0;
  const { arithmetic, ...entered } = entryOf(told, stage?.entry);
  return {
    kind: 'stage',
    outcome: `${stageName(state, event.stage)} begins`,
    inputs: { stage: event.stage, targets: (stage?.to ?? 0) - (stage?.from ?? 0), gates },
    ...entered,
    arithmetic: gates === 0 ? arithmetic : `${arithmetic}; ${gates} of ${gates} gates before it passed`,
  };
}

function entryOf(
  { before: { proceeded, wait }, at }: Told<Of<'StageEntered'>>,
  entry: Stage['entry'] | undefined,
): Pick<Explanation, 'rule' | 'arithmetic' | 'threshold' | 'doubt'> {
  if (entry?.kind === 'approval')
    return { rule: 'entry: it needs an approval', arithmetic: `approval "${entry.approval}" was given` };
  if (proceeded) return { rule: 'entry: in manual mode a person says proceed', arithmetic: 'a person said proceed' };
  if (wait?.kind !== 'interval') return { rule: 'entry: nothing is waited for', arithmetic: 'no interval before it' };
  const { holds, threshold, words } = weigh({
    terms: [{ name: 'since its interval was over (ms)', value: at - wait.until }],
    op: '>=',
    limit: { name: 'wanted', value: 0 },
  });
  return {
    rule: 'entry: the interval between batches is over',
    threshold,
    arithmetic: words,
    ...doubted(holds ? undefined : 'its interval was not over'),
  };
}

const countsInWords = (counts: TargetCounts): string =>
  Object.entries(counts)
    .map(([name, count]: [string, number]) => `${name} ${count}`)
    .join(', ');

export const explainSettled = ({ event, before, state }: Told<Of<'StageSettled'>>): Explanation => ({
  kind: 'stage',
  outcome: `${stageName(state, event.stage)} settled`,
  rule: 'stage: all of its targets were admitted and none is in a step',
  inputs: { stage: event.stage, inStep: before.inStep, ...event.counts },
  arithmetic: `${inStep(before.inStep)}; ${countsInWords(event.counts)}`,
  ...doubted(before.inStep === 0 ? undefined : 'something was in a step'),
});

export const explainPassed = ({ event, before, state, at }: Told<Of<'StagePassed'>>): Explanation => {
  const left = before.wait?.kind === 'bake' ? at - before.wait.until : undefined;
  const watched = left === undefined ? '' : `; watched, ${left} ms over its time`;
  return {
    kind: 'stage',
    outcome: `${stageName(state, event.stage)} passed`,
    rule: 'stage: its gates have passed and it was watched for its time',
    inputs: { stage: event.stage, gates: before.passed },
    arithmetic: `${before.passed} gates passed${watched}`,
    ...doubted(left !== undefined && left < 0 ? 'it was not watched for its time' : undefined),
  };
};

const WAITS = {
  interval: 'wait: so long between two batches',
  bake: 'wait: a settled stage is watched for so long',
  dwell: 'wait: traffic stays at a weight for so long',
  capacity: 'wait: a side may take so long until it is ready',
  drain: 'wait: requests under way at the switch have so long to end',
} as const;

export const explainWait = ({ event, state, at }: Told<Of<'WaitStarted'>>): Explanation => ({
  kind: 'hold',
  outcome: `waits (${event.wait})`,
  rule: WAITS[event.wait],
  inputs: { stage: event.stage, ms: event.until - at },
  arithmetic: `${stageName(state, event.stage)}: ${event.until - at} ms from then on`,
});

export const explainAsked = ({ event, state, at }: Told<Of<'GatesRequested'>>): Explanation => {
  const { gates, round, stage, phase = 'exit' } = event;
  const early = Math.max(0, event.passNotBefore - at);
  return {
    kind: 'gate',
    outcome: `${gates.length} gates asked`,
    rule:
      phase === 'entry'
        ? 'gates: these must pass before a stage is entered'
        : 'gates: these must pass before a stage is left',
    inputs: { stage, round, gates: gates.join(', '), notBeforeMs: early },
    arithmetic: `${stageName(state, stage)}, round ${round}: ${gates.join(', ') || 'none: nothing came through'}; none passes before ${early} ms from then on`,
  };
};

const OF_VERDICT = {
  pass: 'it passes',
  fail: 'it brakes',
  inconclusive: 'it holds, and is judged again',
  error: 'it holds, and is judged again',
} as const;

export const explainGate = ({ event, state }: Told<Of<'GateRecorded'>>): Explanation => ({
  kind: 'gate',
  outcome: `${event.gate}: ${event.verdict}`,
  rule: 'gates: fail brakes, pass lets through, anything else holds',
  inputs: {
    ...{
      gate: event.gate,
      stage: event.stage,
      round: event.round,
      verdict: event.verdict,
      when: event.phase ?? 'exit',
    },
  },
  arithmetic: `${stageName(state, event.stage)}: ${event.words}: ${OF_VERDICT[event.verdict]}`,
});

const APPROVALS = {
  canary: 'approval: a canary is enabled only when somebody else than the requester approves it',
  batches: 'approval: the first batch after the canary, or a weight that the plan names, needs one',
} as const;

export const explainApprovalAsked = ({ event, state }: Told<Of<'ApprovalRequested'>>): Explanation => ({
  kind: 'approval',
  outcome: `${event.approval}: asked for`,
  rule: APPROVALS[event.approval],
  inputs: { approval: event.approval, plan: event.planHash, requester: planOf(state).requestedBy.id },
  arithmetic: `${event.approval === 'canary' ? heldInWords(state) : stageName(state, state.stage.index)} waits for somebody else than ${planOf(state).requestedBy.id}`,
  ...doubted(event.planHash === state.planHash ? undefined : 'it names another plan'),
});

function heldInWords(state: RolloutState): string {
  let held = 0;
  for (let target = 0; target < planOf(state).canaries; target += 1)
    if (phaseAt(state, target) === 'verified') held += 1;
  return `${held} verified of ${planOf(state).canaries} canaries`;
}

export function explainGranted({ event, state, by }: Told<Of<'ApprovalGranted'>>): Explanation {
  const requester = planOf(state).requestedBy.id;
  const plan = event.planHash;
  const isPolicy = by.kind === 'policy';
  const doubts = [
    ...(!isPolicy && by.id === requester ? ['the approver is the requester'] : []),
    ...(plan === state.planHash ? [] : ['it names another plan']),
  ];
  return {
    kind: 'approval',
    outcome: `${event.approval}: ${isPolicy ? 'given by the plan' : 'given'}`,
    rule: isPolicy
      ? 'approval: the plan gives it in advance'
      : 'approval: the approver is somebody, is not the requester, and names the hash of the plan',
    inputs: { approval: event.approval, plan, approver: by.id, requester },
    arithmetic: `${isPolicy ? 'given in advance by the plan' : approverInWords(by.id, requester)}; plan ${plan.slice(0, 12)} ${plan === state.planHash ? '=' : 'is not'} ${state.planHash.slice(0, 12)}`,
    ...because(event.reason),
    ...doubted(doubts.join('; ') || undefined),
  };
}

const approverInWords = (approver: string, requester: string): string =>
  `approver ${approver} ${approver === requester ? 'is' : 'is not'} requester ${requester}`;

export const explainRejected = ({ event, state, by }: Told<Of<'ApprovalRejected'>>): Explanation => ({
  kind: 'approval',
  outcome: `${event.approval}: rejected`,
  rule: 'approval: a rejection ends the rollout',
  inputs: { approval: event.approval, rejecter: by.id, requester: planOf(state).requestedBy.id },
  arithmetic: `rejected by ${by.id}`,
  ...because(event.reason),
});
