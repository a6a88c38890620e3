import type { RollbackTarget, Strategy } from '@sluice/contracts';

import type { GroupState, Success } from './state.js';

/** A rollout that is about to start, as far as its way back is concerned. */
export interface Starting {
  readonly strategy: Strategy;
  /** Strategy rollback: the success that it restores. */
  readonly restores?: string;
}

/**
 * What a rollback of the starting rollout would restore (design 6.5, TRS-08): the last success; for a rollback, the
 * success before the one that it restores, so that going back twice goes further back. Blocked versions are no way back.
 */
export function rollbackTarget(state: GroupState, starting: Starting): RollbackTarget | undefined {
  const before = starting.restores === undefined ? state.history.length : rootIndex(state.history, starting.restores);
  for (let i = before - 1; i >= 0; i -= 1) {
    const success = state.history[i];
    if (success !== undefined && state.blocked[success.version] === undefined)
      return { rolloutId: success.rolloutId, version: success.version };
  }
  return undefined;
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
