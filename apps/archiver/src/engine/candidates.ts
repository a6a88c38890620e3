import { rollbackRequestId, rolloutIdOf } from '@sluice/contracts';

import type { Census, CountedGroup, CountedRollout } from './census.js';

/** What may be archived now; the longest waiting first. */
export interface Candidates {
  readonly rollouts: readonly CountedRollout[];
  readonly refusals: readonly CountedRollout[];
  readonly groups: readonly CountedGroup[];
}

export interface Bounds {
  /** Nothing that was written later, ms since the epoch. */
  readonly until: number;
  /** Nothing behind that log position. */
  readonly passed: number;
}

/**
 * Finished rollouts that nobody needs in the log any more. The last rollout of a group stays there, however old it is:
 * it can be rolled back, and then its stream goes on.
 */
export function candidatesIn(census: Census, { until, passed }: Bounds): Candidates {
  const old = [...census.rollouts.values()]
    .filter(({ at, position }) => at <= until && position <= passed)
    .toSorted((a, b) => a.at - b.at);
  const awaited = new Set([...census.rollouts.values()].flatMap(answersTo));
  return {
    rollouts: old.filter((rollout) => isFinished(rollout, census)),
    refusals: old.filter(({ id, plan, refused }) => refused && plan === undefined && !awaited.has(id)),
    groups: [...census.groups.values()].filter((group) => hasPast(group, { until, passed })),
  };
}

function isFinished(rollout: CountedRollout, census: Census): boolean {
  const { id, plan, ended, token } = rollout;
  if (plan === undefined || !ended) return false;
  const { active, waiting, token: latest } = census.groupNamed(plan.group);
  const isLatest = token > 0 && token >= latest;
  const isHeld = active === id || waiting?.rolloutId === id || isLatest;
  // A way back outlives what it takes back: as long as that stands in the log, it shows that it was answered.
  const isAnswer = plan.rollbackOf !== undefined && census.rollouts.has(plan.rollbackOf);
  return !isHeld && !isAnswer && isAnswered(rollout, census);
}

/** The rollbacks that it asked for were planned or refused, and its version was blocked: both are read off its stream. */
function isAnswered(rollout: CountedRollout, census: Census): boolean {
  const { id, plan, rollbacks } = rollout;
  if (rollbacks === 0 || plan === undefined) return true;
  const { blocked, blockedFor } = census.groupNamed(plan.group);
  if (!Object.hasOwn(blocked, plan.version) && !blockedFor.includes(id)) return false;
  return answersTo(rollout).every((answer) => {
    const known = census.rollouts.get(answer);
    return known !== undefined && (known.plan !== undefined || known.refused);
  });
}

/** The rollouts that were to take it back. */
const answersTo = ({ id, plan, rollbacks }: CountedRollout): readonly string[] =>
  plan === undefined
    ? []
    : Array.from({ length: rollbacks }, (_, i) => rolloutIdOf(plan.group, rollbackRequestId(id, i + 1)));

const hasPast = ({ before, checkpoint }: CountedGroup, { until, passed }: Bounds): boolean =>
  before > 0 && checkpoint !== undefined && checkpoint.at <= until && checkpoint.position <= passed;
