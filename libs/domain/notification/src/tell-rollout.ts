import { NOTIFICATION_TYPES as TYPES, type PlanEvent, type RolloutEvent, stageCount } from '@sluice/contracts';

import { redact } from './redact.js';
import { RAMP_TELLERS } from './tell-ramp.js';
import { afterCancel, afterSuccess, approvalOf, brakeAdvice, SHIFT_TELLERS, whatMoves } from './tell-shift.js';
import type { Scene, Telling } from './told.js';
import { because, critical, failedTargets, info, stageOf, tally, targets, warning, what } from './words.js';

type Of<T extends RolloutEvent['type']> = Extract<RolloutEvent, { readonly type: T }>;
type Planned = Extract<PlanEvent, { readonly type: 'RolloutPlanned' }>;

type Teller<E> = (event: E, scene: Scene) => Telling | undefined;

/** One line for each kind of event; what is absent is no news for a person. */
export const ROLLOUT_TELLERS: { readonly [T in RolloutEvent['type']]?: Teller<Of<T>> } = {
  ...SHIFT_TELLERS,
  ...RAMP_TELLERS,
  RolloutStarted: (event, scene) =>
    info(
      TYPES.started,
      'running',
      `${what(scene)} started ${whatMoves(scene.plan) ?? `on ${targets(scene.plan.targetCount)}`}`,
      { token: event.token },
    ),
  ApprovalRequested: tellApprovalRequested,
  ApprovalGranted: (event, scene) =>
    info(
      TYPES.approvalGranted,
      'running',
      `${what(scene)}: ${scene.who} approved the ${event.approval}${because(event.reason)}`,
      {
        approval: event.approval,
        planHash: event.planHash,
      },
    ),
  ApprovalRejected: (event, scene) =>
    warning(
      TYPES.approvalRejected,
      'settling',
      `${what(scene)}: ${scene.who} rejected the ${event.approval}${because(event.reason)}; ${afterReject(scene)}`,
      { approval: event.approval },
    ),
  BatchAwaited: (event, scene) =>
    warning(
      TYPES.batchAwaited,
      'running',
      `${what(scene)} waits before ${stageOf(scene.plan, event.stage).words} in manual mode: tell it to proceed`,
      { stage: event.stage },
    ),
  RolloutBraked: (event, scene) =>
    critical(
      TYPES.braked,
      'braked',
      `${what(scene)} is braked: ${redact(event.cause.words)}; ${brakeAdvice(scene.plan)}`,
      {
        kind: event.cause.kind,
        words: redact(event.cause.words),
        numbers: event.cause.numbers,
        failed: failedTargets(scene),
      },
    ),
  BrakeReleased: (event, scene) =>
    warning(
      TYPES.brakeReleased,
      'running',
      `${what(scene)}: the brake was released by ${event.by} of ${scene.who}${because(event.reason)}; it goes on`,
      { by: event.by },
    ),
  RolloutPaused: (event, scene) =>
    warning(
      TYPES.paused,
      'paused',
      `${what(scene)} was paused by ${scene.who}${because(event.reason)}; ${whilePaused(scene)}resume it to go on`,
      {},
    ),
  RolloutResumed: (event, scene) =>
    info(TYPES.resumed, 'running', `${what(scene)} was resumed by ${scene.who}${because(event.reason)}`, {}),
  StagePassed: tellStagePassed,
  RolloutSucceeded: (event, scene) =>
    info(TYPES.succeeded, 'succeeded', `${what(scene)} succeeded: ${afterSuccess(scene.plan) ?? tally(event.counts)}`, {
      counts: event.counts,
    }),
  RolloutFailed: (event, scene) =>
    warning(
      TYPES.failed,
      'failed',
      `${what(scene)} ended with failures: ${tally(event.counts)}, ${event.notServing.length} not serving; retry them, roll back or close it`,
      {
        counts: event.counts,
        notServing: event.notServing.length,
        failed: failedTargets(scene),
      },
    ),
  RolloutCancelled: (event, scene) =>
    warning(
      TYPES.cancelled,
      'cancelled',
      `${what(scene)} was cancelled (${event.cause}): ${afterCancel(scene.plan, event.cause) ?? leftOver(event)}`,
      {
        cause: event.cause,
        counts: event.counts,
        notServing: event.notServing.length,
      },
    ),
  RolloutClosed: (event, scene) =>
    info(
      TYPES.closed,
      'closed',
      `${what(scene)} was closed${event.cause === 'superseded' ? ' for a newer rollout' : ''}${because(event.reason)}`,
      { cause: event.cause },
    ),
  RollbackRequested: (event, scene) =>
    warning(
      TYPES.rollbackRequested,
      'cancelled',
      `${what(scene)} is rolled back to ${event.to.version}: ${targets(event.targets.length)} to restore, ${event.down.length} not serving${because(event.reason)}`,
      {
        to: event.to,
        targets: event.targets.length,
        down: event.down.length,
        ordinal: event.ordinal,
      },
    ),
};

const leftOver = ({ cause, counts, notServing }: Of<'RolloutCancelled'>): string =>
  `${tally(counts)}, ${notServing.length} not serving${notServing.length === 0 || cause === 'rollback' ? '' : '; roll back to restore them'}`;

const whilePaused = ({ plan }: Scene): string =>
  plan.ramp === undefined ? '' : 'hosts keep what they have meanwhile, ';

const afterReject = ({ plan }: Scene): string =>
  plan.ramp !== undefined ? 'it ends as cancelled, and no host has changed' : restReject(plan);

const restReject = (plan: Scene['plan']): string =>
  plan.traffic === undefined
    ? 'it settles and ends as cancelled, roll back to restore the hosts that it touched'
    : `it settles and ends as cancelled, ${plan.traffic.oldSide} has all traffic again`;

export function tellPlanned(event: Planned, scene: Scene): Telling {
  const { plan } = event;
  const { members, maxUnavailable } = plan.budget;
  const course =
    whatMoves(plan) ??
    `${targets(plan.targetCount)} in ${stageCount(plan)} stages, at most ${maxUnavailable} of ${members} unavailable`;
  const words = `${what(scene)} was planned for ${scene.who}: ${course}`;
  const leftOut = plan.leftOut.length === 0 ? '' : `, ${plan.leftOut.length} left out`;
  return info(TYPES.planned, 'planned', `${words}${leftOut}`, {
    planHash: event.planHash,
    requestId: plan.requestId,
    strategy: plan.strategy,
    targets: plan.targetCount,
    stages: stageCount(plan),
    maxUnavailable,
    members,
    leftOut: plan.leftOut.length,
  });
}

function tellApprovalRequested(event: Of<'ApprovalRequested'>, scene: Scene): Telling {
  const { plan } = scene;
  const ofTargets =
    event.approval === 'canary'
      ? `the canary is verified (${plan.canaries} held out of service): approve it to enable it, or reject it`
      : `the canary stage passed: approve the batches to go on with ${targets(plan.targetCount - plan.canaries)} in ${stageCount(plan) - (plan.canaries > 0 ? 1 : 0)} batches, or reject them`;
  const words = approvalOf(plan) ?? ofTargets;
  return warning(
    TYPES.approvalRequested,
    'awaiting-approval',
    `${what(scene)} awaits approval, ${words}; the approver is not the requester and names plan ${event.planHash.slice(0, 12)}`,
    {
      approval: event.approval,
      planHash: event.planHash,
    },
  );
}

function tellStagePassed(event: Of<'StagePassed'>, scene: Scene): Telling {
  const stage = stageOf(scene.plan, event.stage);
  const stages = stageCount(scene.plan);
  return info(
    TYPES.stagePassed,
    'running',
    `${what(scene)}: ${stage.words} passed, stage ${event.stage + 1} of ${stages}`,
    {
      stage: event.stage,
      name: stage.name,
      targets: stage.size,
      stages,
    },
  );
}
