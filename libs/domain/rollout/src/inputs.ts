import type { GateJudged, RollbackTarget, RolloutCommand, RunReport } from '@sluice/contracts';
import type { Actor } from '@sluice/kernel';

/** The log ends at `position` and held more once: `seen` was read from it. */
export interface LogLoss {
  readonly seen: number;
  readonly position: number;
}

/** Everything that can move a rollout. `advance` and `tick` are time and the rollout's own course. */
export type RolloutInput =
  /** `loss`: the log lost its tail while this rollout was planned; it may have begun, so it starts braked. */
  | {
      readonly type: 'start';
      readonly token: number;
      readonly rollbackTo?: RollbackTarget;
      readonly loss?: LogLoss;
    }
  | { readonly type: 'logRegressed'; readonly loss: LogLoss }
  | { readonly type: 'advance' }
  | { readonly type: 'tick' }
  | { readonly type: 'report'; readonly report: RunReport }
  | { readonly type: 'neverSeen'; readonly target: number; readonly n: number }
  | { readonly type: 'unreachable'; readonly target: number; readonly n: number }
  /** The agent will not do this run. */
  | {
      readonly type: 'refused';
      readonly target: number;
      readonly n: number;
      readonly code: string;
      readonly message: string;
    }
  | { readonly type: 'verdict'; readonly judged: GateJudged }
  | { readonly type: 'exclude'; readonly host: string; readonly reason: string }
  | { readonly type: 'supersede'; readonly by: string }
  /** The group does not let it start. */
  | { readonly type: 'drop'; readonly reason: string }
  | { readonly type: 'command'; readonly command: RolloutCommand; readonly actor: Actor; readonly reason?: string };
