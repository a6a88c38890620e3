/** What the gates of the first kind are judged by. Part of every verdict's inputs, and hashed into `policyHash`. */
export interface GatePolicy {
  readonly v: 1;
  readonly ready: ReadyPolicy;
}

export interface ReadyPolicy {
  /** How many targets may be not ready without failing the gate. */
  readonly limit: number;
  /** A target is not ready after so many heartbeats in a row that contradict. */
  readonly heartbeats: number;
  /** An older heartbeat says nothing about now, in ms: a host that fell silent in the bake is no ready host. */
  readonly freshMs: number;
}

export const DEFAULT_POLICY: GatePolicy = { v: 1, ready: { limit: 0, heartbeats: 3, freshMs: 30_000 } };
