/**
 * Where the output of a step of a target is (TRS-15): by its host, or by `#` and its place in the plan, which is how
 * events name targets.
 */
export function outputLink(rollout: string, target: string | number, step: string, n: number): string {
  const name = encodeURIComponent(typeof target === 'number' ? `#${target}` : target);
  return `/v1/rollouts/${rollout}/targets/${name}/steps/${step}/output?n=${n}`;
}

/** The place in the plan that a name of `outputLink` means; undefined when the rollout has no such target. */
export function targetNamed(targets: readonly { readonly host: string }[], name: string): number | undefined {
  const byHost = targets.findIndex(({ host }) => host === name);
  if (byHost >= 0) return byHost;
  const place = /^#(\d{1,7})$/.exec(name)?.[1];
  return place !== undefined && Number(place) < targets.length ? Number(place) : undefined;
}
