import type { StepName } from '@sluice/contracts';

/** What goes wrong in one step of one host. */
export type StepFault =
  /** It ends with that code; `serving` says whether the app still serves afterwards (false by default after drain). */
  | { readonly kind: 'fail'; readonly code?: string; readonly serving?: boolean }
  /** It never ends. */
  | { readonly kind: 'hang' }
  /** It takes so many times as long; a verify that is still not through at the time-out of its spec fails. */
  | { readonly kind: 'slow'; readonly factor: number }
  /** The agent dies once in the middle of it and is back after a while, with its journal: it begins the step again. */
  | { readonly kind: 'crash'; readonly downMs: number }
  /** Install only: the release is in place and linked, the old process ended, and the new one does not start. */
  | { readonly kind: 'restartFails' }
  /** The agent also reports things that never happened. */
  | { readonly kind: 'lie' };

/** Where a step stands when a fault may hit it. `n` counts the target's attempts from 1. */
export interface StepPlace {
  readonly host: string;
  readonly step: StepName;
  readonly version: string;
  readonly n: number;
}

export type StepFaults = (place: StepPlace) => StepFault | undefined;

/** How often messages go astray, as shares of all; every share is 0 by default. */
export interface MessageFaults {
  /** A run or a status query is lost on its way: the agent never sees it. */
  readonly loseCommand?: number;
  /** A status query is lost on its way, beside those. */
  readonly loseStatus?: number;
  /** The agent saw it, its answer is lost. */
  readonly loseReply?: number;
  /** A run is stuck in the network and arrives late, when its sender may have given it up. */
  readonly lateCommand?: number;
  /** How late at most, ms; a minute by default. */
  readonly lateCommandMs?: number;
  /** A run arrives twice. */
  readonly duplicateCommand?: number;
  readonly loseReport?: number;
  /** The report arrived, the answer to it is lost: it is sent again. */
  readonly loseReportAnswer?: number;
  readonly duplicateReport?: number;
  /** Reports take up to that long, so they overtake each other. Ms. */
  readonly delayReportMs?: number;
}

export const NO_STEP_FAULTS: StepFaults = () => undefined;
