import type { RollbackTarget, Strategy } from '@sluice/contracts';

import type { GroupState, Success } from './state.js';

/** A rollout that is about to start, as far as its way back is concerned. */
export interface Starting {
  readonly strategy: Strategy;
  readonly version: string;
  /** Strategy rollback: the success that it restores. */
  readonly restores?: string;
}

/** Versions that may be rolled out again as they were (TRS-07). */
const MAX_CANDIDATES = 10;

/**
 * What a rollback of the starting rollout would restore (design 6.5, TRS-08): the last success; for a rollback, the
 * success before the one that it restores, so that going back twice goes further back; for a scale-out, the success
 * before that of the version that it spreads. Scale-outs are no successes of their own, blocked versions no way back.
 */
export function rollbackTarget(state: GroupState, starting: Starting): RollbackTarget | undefined {
  for (let i = placeOf(state.history, starting) - 1; i >= 0; i -= 1) {
    const success = state.history[i];
    if (success === undefined || success.strategy === 'scaleOut') continue;
    if (!Object.hasOwn(state.blocked, success.version))
      return { rolloutId: success.rolloutId, version: success.version };
  }
  return undefined;
}

/** The side that has all traffic: that of the last success that has one; undefined when nothing was ever shifted (SWB-01). */
export const liveSideOf = ({ history }: Pick<GroupState, 'history'>): string | undefined =>
  history.findLast(({ side }) => side !== undefined)?.side;

/** The last ten versions that succeeded here and are not blocked, newest first, each with its last success (TRS-07). */
export function redeployCandidates(state: GroupState): readonly Success[] {
  const seen = new Set<string>();
  const newest = state.history.toReversed().filter(({ version, strategy }) => {
    const again = seen.has(version) || strategy === 'scaleOut' || Object.hasOwn(state.blocked, version);
    if (!again) seen.add(version);
    return !again;
  });
  return newest.slice(0, MAX_CANDIDATES);
}

/** A version that has succeeded in this group needs no canary to be brought to more hosts (TAR-45). */
export const isProven = (state: Pick<GroupState, 'history' | 'blocked'>, version: string): boolean =>
  !Object.hasOwn(state.blocked, version) && state.history.some((success) => success.version === version);

/** Where the starting rollout stands among the successes: what came before it is a way back. */
function placeOf(history: readonly Success[], { strategy, version, restores }: Starting): number {
  if (restores !== undefined) return rootIndex(history, restores);
  if (strategy !== 'scaleOut') return history.length;
  const spread = history.findLastIndex((success) => success.version === version && success.strategy !== 'scaleOut');
  const rooted = history[spread]?.restores;
  return rooted === undefined ? spread : rootIndex(history, rooted);
}

/** Where the version that a chain of rollbacks restored first succeeded; -1 when that is forgotten. */
function rootIndex(history: readonly Success[], rolloutId: string): number {
  let wanted: string | undefined = rolloutId;
  let index = -1;
  for (let hops = 0; wanted !== undefined && hops <= history.length; hops += 1) {
    const id: string = wanted;
    index = history.findIndex((success) => success.rolloutId === id);
    wanted = history[index]?.restores;
  }
  return index;
}
