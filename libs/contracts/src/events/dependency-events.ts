/** `open`: nothing is asked of it, as if it did not answer. `closed`: it is asked whatever it answered before. */
export type ForcedMode = 'open' | 'closed';

/**
 * Written by the executor on `dependency` streams: the circuit breaker of something outside that rollouts use, and
 * what people say about it. `until` is ms since the epoch.
 */
export type DependencyEvent =
  /** It failed so often that it is left alone for a while; `words` are the arithmetic and the last failure. */
  | { readonly type: 'DependencyOpened'; readonly dependency: string; readonly words: string }
  /** One call is let through to see whether it is back. */
  | { readonly type: 'DependencyHalfOpened'; readonly dependency: string }
  | { readonly type: 'DependencyClosed'; readonly dependency: string }
  | {
      readonly type: 'DependencyForced';
      readonly dependency: string;
      readonly mode: ForcedMode;
      readonly until: number;
      readonly reason: string;
    }
  | {
      readonly type: 'DependencyReleased';
      readonly dependency: string;
      readonly by: 'command' | 'expiry';
      readonly reason?: string;
    };
