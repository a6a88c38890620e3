import type { HoldScope } from '../holds.js';
import type { RolloutLabel } from '../labels.js';

/** Written by the executor on a `label` stream, one for each rollout that was ever labelled. */
export interface LabelEvent {
  readonly type: 'RolloutLabelled';
  readonly rollout: string;
  readonly label: RolloutLabel;
  readonly reason: string;
}

/** Written by the executor on the `hold` stream: what must not be deleted from archives. */
export type HoldEvent =
  | { readonly type: 'HoldPlaced'; readonly hold: string; readonly scope: HoldScope; readonly reason: string }
  | { readonly type: 'HoldLifted'; readonly hold: string; readonly reason: string };
