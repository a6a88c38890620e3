import type { Plan, RolloutEvent } from '@sluice/contracts';

import type { Complain } from './complain.js';
import type { RolloutModel } from './rollout-model.js';

type RollbackRequested = Extract<RolloutEvent, { readonly type: 'RollbackRequested' }>;

/** STR-07: what was touched is taken back, no host more and none less, to what was there before. */
export function requestRollback(model: RolloutModel, event: RollbackRequested, complain: Complain): void {
  const touched = model.targets.flatMap(({ n, where }, index) => (n > 0 && where !== 'excluded' ? [index] : []));
  const down = touched.filter((index) => model.targets[index]?.out === true);
  if (event.targets.join() !== touched.join())
    complain('STR-07', `the rollback is for ${event.targets.join()}, touched were ${touched.join()}`);
  if (event.down.join() !== down.join())
    complain('STR-07', `the rollback takes ${event.down.join()} for down, out of service were ${down.join()}`);
  if (event.to.rolloutId !== model.rollbackTo?.rolloutId)
    complain(
      'STR-07',
      `the rollback goes to ${event.to.rolloutId}, not to ${model.rollbackTo?.rolloutId ?? 'nothing'}`,
    );
  model.takenBack = new Set(touched.map((index) => model.targets[index]?.host ?? ''));
}

/** Its plan holds exactly those hosts, but for what it says it left out. */
export function planRollback(
  plan: Plan,
  hosts: readonly string[],
  bad: RolloutModel | undefined,
  complain: Complain,
): void {
  const wanted = bad?.takenBack;
  if (wanted === undefined) return complain('STR-07', `${plan.rolloutId} takes back what nobody asked to take back`);
  const more = hosts.filter((host) => !wanted.has(host));
  const known = new Set([...hosts, ...plan.leftOut.map(({ host }) => host)]);
  const less = [...wanted].filter((host) => !known.has(host));
  if (more.length + less.length > 0)
    complain('STR-07', `the rollback touches ${more.join()} beside, and forgets ${less.join()}`);
}
