/**
 * What a legal hold keeps from being deleted, whatever its age: one rollout, all of a group or an app, or what was
 * planned in a period. `from` and `until` are ms since the epoch; `until` is not included.
 */
export type HoldScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'rollout' | 'group' | 'app'; readonly name: string }
  | { readonly kind: 'period'; readonly from: number; readonly until: number };

/** What may be said to the holds of the installation. The target of the command is the hold's name. */
export type HoldCommand = { readonly type: 'place'; readonly scope: HoldScope } | { readonly type: 'lift' };
