/** The request id of a rollback: rollouts ask for it by number, so that asking twice names one rollout. */
export const rollbackRequestId = (rolloutId: string, ordinal: number): string => `rollback:${rolloutId}:${ordinal}`;
