import type { RunCommand } from '@sluice/contracts';

/** What every line of the log that is about a run names it by; the host is in all lines of an agent. */
export const factsOf = ({ rollout, attempt, spec }: RunCommand) => ({
  rollout,
  attempt,
  app: spec.app,
  group: spec.group,
});
