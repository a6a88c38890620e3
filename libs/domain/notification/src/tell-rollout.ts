import {
  NOTIFICATION_TYPES as TYPES,
  type PlanEvent,
  type RolloutEvent,
  stageAt,
  stageCount,
  type TargetCounts,
} from '@sluice/contracts';

import { redact } from './redact.js';
import type { NoticePlan, Scene, Telling } from './told.js';

type Of<T extends RolloutEvent['type']> = Extract<RolloutEvent, { readonly type: T }>;
type Planned = Extract<PlanEvent, { readonly type: 'RolloutPlanned' }>;

type Teller<E> = (event: E, scene: Scene) => Telling | undefined;

/** One line for each kind of event; what is absent is no news for a person. */
export const ROLLOUT_TELLERS: { readonly [T in RolloutEvent['type']]?: Teller<Of<T>> } = {
  RolloutStarted: (event, scene) =>
    info(TYPES.started, 'running', `${what(scene)} started on ${targets(scene.plan.targetCount)}`, {
      token: event.token,
    }),
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
      `${what(scene)}: ${scene.who} rejected the ${event.approval}${because(event.reason)}; it settles and ends as cancelled, roll back to restore the hosts that it touched`,
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
      `${what(scene)} is braked: ${redact(event.cause.words)}; look at what failed, then retry, exclude the host, override with a reason, cancel or roll back`,
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
      `${what(scene)} was paused by ${scene.who}${because(event.reason)}; resume it to go on`,
      {},
    ),
  RolloutResumed: (event, scene) =>
    info(TYPES.resumed, 'running', `${what(scene)} was resumed by ${scene.who}${because(event.reason)}`, {}),
  StagePassed: tellStagePassed,
  RolloutSucceeded: (event, scene) =>
    info(TYPES.succeeded, 'succeeded', `${what(scene)} succeeded: ${tally(event.counts)}`, { counts: event.counts }),
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
      `${what(scene)} was cancelled (${event.cause}): ${tally(event.counts)}, ${event.notServing.length} not serving${event.notServing.length === 0 || event.cause === 'rollback' ? '' : '; roll back to restore them'}`,
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

export function tellPlanned(event: Planned, scene: Scene): Telling {
  const { plan } = event;
  const { members, maxUnavailable } = plan.budget;
  const words = `${what(scene)} was planned for ${scene.who}: ${targets(plan.targetCount)} in ${stageCount(plan)} stages, at most ${maxUnavailable} of ${members} unavailable`;
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
  const words =
    event.approval === 'canary'
      ? `the canary is verified (${plan.canaries} held out of service): approve it to enable it, or reject it`
      : `the canary stage passed: approve the batches to go on with ${targets(plan.targetCount - plan.canaries)} in ${stageCount(plan) - (plan.canaries > 0 ? 1 : 0)} batches, or reject them`;
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

function stageOf(
  plan: NoticePlan,
  index: number,
): { readonly name: string; readonly size: number; readonly words: string } {
  const stage = stageAt(plan, index);
  if (stage === undefined) return { name: `stage ${index + 1}`, size: 0, words: `stage ${index + 1}` };
  const size = stage.to - stage.from;
  return { name: stage.name, size, words: `${stage.name} (${targets(size)})` };
}

export const what = ({ plan }: Scene): string =>
  `${plan.app} ${plan.version === '' ? '(version unknown)' : plan.version} on ${plan.group}${plan.strategy === 'rollback' ? ' (rollback)' : ''}`;

export const because = (reason: string | undefined): string =>
  reason === undefined || reason === '' ? '' : ` (${redact(reason, 200)})`;

/** Address in the API of the targets that failed: each of them names the address of its step's output (TRS-15). */
const failedTargets = ({ plan }: Scene): string | null =>
  plan.rolloutId === '' ? null : `/v1/rollouts/${plan.rolloutId}/targets?phase=failed`;

const targets = (count: number): string => (count === 1 ? '1 target' : `${count} targets`);

function tally(counts: TargetCounts): string {
  const parts = (['done', 'skipped', 'failed', 'unknown', 'excluded', 'untouched'] as const).map(
    (kind) => [counts[kind], kind] as const,
  );
  return parts
    .filter(([count, kind]) => count > 0 || kind === 'done' || kind === 'failed')
    .map(([count, kind]) => `${count} ${kind}`)
    .join(', ');
}

const info = (type: Telling['type'], state: string, text: string, details: Telling['details']): Telling => ({
  type,
  severity: 'info',
  state,
  text,
  details,
});

const warning: typeof info = (type, state, text, details) => ({
  ...info(type, state, text, details),
  severity: 'warning',
});
const critical: typeof info = (type, state, text, details) => ({
  ...info(type, state, text, details),
  severity: 'critical',
});
