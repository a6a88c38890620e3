import type { Actor } from '@sluice/kernel';

import type { ForcedMode } from './events/dependency-events.js';
import type { RolloutMode } from './request.js';

export type ApprovalName = 'canary' | 'batches';

/** What a person, a program or a policy may say to a rollout. */
export type RolloutCommand =
  | { readonly type: 'approve'; readonly approval: ApprovalName; readonly planHash: string }
  | { readonly type: 'reject'; readonly approval: ApprovalName }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'cancel' }
  | { readonly type: 'rollback' }
  | { readonly type: 'retry' }
  | { readonly type: 'skip'; readonly host: string }
  | { readonly type: 'waive'; readonly host: string }
  | { readonly type: 'override'; readonly extraFailures: number }
  | { readonly type: 'proceed' }
  | { readonly type: 'setMode'; readonly mode: RolloutMode }
  | { readonly type: 'setInterval'; readonly intervalMs?: number; readonly tailIntervalMs?: number }
  /** Percent of traffic on the new side, until a stage wants more. */
  | { readonly type: 'setWeight'; readonly weight: number }
  /** Goes on in spite of the freezes that hold now. */
  | { readonly type: 'hotfix' }
  | { readonly type: 'close' };

export type RolloutCommandType = RolloutCommand['type'];

/** What may be said to a group, whatever its rollouts do (TAR-33, TAR-34). */
export type GroupCommand =
  | { readonly type: 'exclude'; readonly host: string }
  | { readonly type: 'include'; readonly host: string }
  | { readonly type: 'block'; readonly version: string }
  | { readonly type: 'unblock'; readonly version: string };

/** What may be said to a dependency (TAR-43). A forced mode ends by itself after `forMs`. */
export type DependencyCommand =
  { readonly type: 'force'; readonly mode: ForcedMode; readonly forMs: number } | { readonly type: 'release' };

/** `sluice.command.<aggregate>`: actor, reason and idempotency key are part of every command (design 9). */
export interface CommandEnvelope<C> {
  readonly v: 1;
  /** Idempotency key: the same id twice has one effect. */
  readonly id: string;
  /** Rollout id, or the name of a group or a dependency. */
  readonly target: string;
  readonly command: C;
  readonly actor: Actor;
  readonly reason?: string;
  /** Refused with VERSION_CONFLICT when the aggregate's rev is another. */
  readonly expectedRev?: number;
}

/** `actions`: what the state offers now (TRS-10). */
export type CommandResult =
  | {
      readonly ok: true;
      readonly target: string;
      readonly state: string;
      readonly rev: number;
      readonly actions: readonly string[];
    }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly details?: Readonly<Record<string, unknown>>;
    };
