import type { GroupEntry, LbMode, Plan, StepSpec } from '@sluice/contracts';

/** The balancer in front of a group, for a plan; nothing when its agents drain and enable by themselves. */
export function balancerOf(group: GroupEntry | undefined, mode: LbMode): Pick<Plan, 'lb'> {
  if (group?.balancer === undefined) return {};
  const { name, backend } = group.balancer;
  return { lb: { balancer: name, backend, mode } };
}

/** The same steps, taken out of service by whoever does it in this plan. */
export function servedBy({ balanced: _, ...spec }: StepSpec, { lb }: Pick<Plan, 'lb'>): StepSpec {
  return lb === undefined ? spec : { ...spec, balanced: true };
}
