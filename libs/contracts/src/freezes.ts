/** What a freeze holds back: everything, or the rollouts of one environment, app or group. */
export type FreezeScope =
  { readonly kind: 'all' } | { readonly kind: 'environment' | 'app' | 'group'; readonly name: string };

/** What may be said to the freezes of the installation. `from` and `until` are ms since the epoch. */
export type FreezeCommand =
  | { readonly type: 'freeze'; readonly scope: FreezeScope; readonly from?: number; readonly until: number }
  /** The target of the command is the freeze. */
  | { readonly type: 'lift' };

/** The target of a command that declares a freeze. */
export const NEW_FREEZE = 'new';
