import type { Strategy, VersionSuccess } from '@sluice/contracts';

/** A version that a rollout brought to the end in this group. */
export type Success = VersionSuccess;

export interface WaitingRollout {
  readonly rolloutId: string;
  readonly version: string;
  readonly strategy: Strategy;
}

/** One group, folded from its `group` stream. */
export interface GroupState {
  readonly token: number;
  readonly active: string | undefined;
  readonly waiting: WaitingRollout | undefined;
  /** The last successes, oldest first. */
  readonly history: readonly Success[];
  /** Version -> why. */
  readonly blocked: Readonly<Record<string, { readonly reason: string; readonly rolloutId?: string }>>;
  /** Host -> why. Independent of every rollout (TAR-34). */
  readonly excluded: Readonly<Record<string, string>>;
  /** Rollouts that were told that they will not start -> why; the last ones, so that a restart tells them again. */
  readonly dropped: Readonly<Record<string, string>>;
  /** Rollouts whose bad version was blocked once: a person who unblocks it is not overruled. */
  readonly blockedFor: readonly string[];
  /** Events since the last checkpoint, or since the beginning. */
  readonly since: number;
}

export const initialGroup = (): GroupState => ({
  token: 0,
  active: undefined,
  waiting: undefined,
  history: [],
  blocked: {},
  excluded: {},
  dropped: {},
  blockedFor: [],
  since: 0,
});
