import type { BreakerState } from '@sluice/dependency';
import { messageOf, SluiceError } from '@sluice/kernel';
import CircuitBreaker from 'opossum';

/** Lets calls to one dependency through, or not. It holds no truth: what it does is told by `onMove`. */
export interface Breaker {
  readonly state: BreakerState;
  /** Rejects with BREAKER_OPEN when the call was not made, otherwise with whatever the call rejects with. */
  call<T>(act: () => Promise<T>): Promise<T>;
  /** Another executor has opened or closed its own. */
  follow(to: 'open' | 'closed'): void;
  stop(): void;
}

export type NewBreaker = (onMove: (to: BreakerState, words: string) => void) => Breaker;

/** It answers, but will not do that: no sign that it is down. */
export const DEPENDENCY_REFUSED = 'DEPENDENCY_REFUSED';
export const BREAKER_OPEN = 'BREAKER_OPEN';

export interface BreakerOptions {
  /** So many calls within the window are needed before it opens, and at least half of them failed. */
  readonly failures: number;
  readonly windowMs: number;
  /** From open to half open. */
  readonly retryMs: number;
}

export const BREAKER_DEFAULTS: BreakerOptions = { failures: 5, windowMs: 60_000, retryMs: 10_000 };

/** What fails exactly half of its calls is no dependency to rely on. */
const MORE_THAN_PERCENT = 49;

const isRefusal = (error: unknown): boolean => error instanceof SluiceError && error.code === DEPENDENCY_REFUSED;
const isOpen = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EOPENBREAKER';

/** The breaker of opossum. It keeps real time, so what runs on virtual time is given another one. */
export const opossumBreaker =
  ({ failures, windowMs, retryMs }: BreakerOptions = BREAKER_DEFAULTS): NewBreaker =>
  (onMove) => {
    const circuit = new CircuitBreaker<[() => Promise<unknown>], unknown>((act) => act(), {
      // Every call bounds itself, and knows better how.
      timeout: false,
      volumeThreshold: failures,
      errorThresholdPercentage: MORE_THAN_PERCENT,
      rollingCountTimeout: windowMs,
      resetTimeout: retryMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      errorFilter: isRefusal,
    });
    let last = '';
    circuit.on('failure', (error: unknown) => {
      last = messageOf(error);
    });
    circuit.on('open', () => {
      const { failures: failed, fires } = circuit.stats;
      onMove('open', `${failed} of ${fires} calls failed, the last with: ${last}`.slice(0, 400));
    });
    circuit.on('halfOpen', () => onMove('halfOpen', ''));
    circuit.on('close', () => onMove('closed', ''));
    return {
      get state(): BreakerState {
        if (circuit.opened) return 'open';
        return circuit.halfOpen ? 'halfOpen' : 'closed';
      },
      call: <T>(act: () => Promise<T>) =>
        circuit.fire(act).catch((error: unknown) => {
          if (!isOpen(error)) throw error;
          throw new SluiceError(BREAKER_OPEN, last === '' ? 'it was found down' : `it was found down: ${last}`);
        }) as Promise<T>,
      follow: (to) => (to === 'open' ? circuit.open() : circuit.close()),
      stop: () => circuit.shutdown(),
    };
  };
