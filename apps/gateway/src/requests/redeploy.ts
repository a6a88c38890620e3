import type { DeployRequest, Plan, VerifySpec } from '@sluice/contracts';
import { type Actor, formatDuration } from '@sluice/kernel';

export interface RedeployWish {
  readonly id: string;
  readonly actor: Actor;
  readonly reason?: string | undefined;
}

/**
 * The request that brings a version back as it succeeded (TRS-07): the same bytes, the same way to install and to verify.
 * How fast it goes is not repeated: a rollback's plan has no waits, and the group may have others by now. Where machines
 * differed in how they install, the group says it again.
 */
export function redeployRequest(plan: Plan, { id, actor, reason }: RedeployWish): DeployRequest {
  const { app, group, spec, profiles } = plan;
  return {
    id,
    app,
    group,
    version: spec.version,
    artifact: spec.artifact,
    ...(profiles === undefined ? { profile: spec.profile } : {}),
    verify: verifyOf(spec.verify),
    startTimeout: formatDuration(spec.verify.timeoutMs),
    ignoreVerify: spec.ignoreVerify,
    drainWindow: formatDuration(spec.drainWindowMs),
    requestedBy: actor,
    reason: reason ?? `again as in ${plan.rolloutId}`,
  };
}

const verifyOf = ({ path, port, status, successes, intervalMs }: VerifySpec): NonNullable<DeployRequest['verify']> => ({
  path,
  status,
  successes,
  interval: formatDuration(intervalMs),
  ...(port === undefined ? {} : { port }),
});
