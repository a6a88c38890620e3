import type { RampPhase, VariableCommand, VariableSpec } from '@sluice/contracts';

/** A variable as it stands: `to` of `hosts` are to have its new value. `words`: why it stands still. */
export interface VariableSight {
  readonly spec: VariableSpec;
  readonly phase: RampPhase;
  /** A freeze has it paused: what people or rollouts paused is theirs. */
  readonly held: boolean;
  readonly to: number;
  readonly hosts: number;
  readonly words?: string;
}

type Steered = Extract<VariableCommand, { readonly type: 'define' | 'ramp' | 'pause' | 'resume' | 'stop' | 'reverse' }>;

/** What a rollout says to its variable. */
export type RampCommand =
  | Steered
  /** A service level objective is not met: it stops where it is (TSU-10). */
  | { readonly type: 'breach'; readonly words: string; readonly numbers: Readonly<Record<string, number>> };

export interface RampOrder {
  readonly fleet: string;
  readonly variable: string;
  readonly command: RampCommand;
  /** Stands in the history of the variable. */
  readonly reason: string;
  /** Said twice under the same id it has one effect. */
  readonly id: string;
}

export type RampAnswer =
  { readonly ok: true } | { readonly ok: false; readonly code: string; readonly message: string };

/** The way from rollouts to the variables of fleets, wherever they are driven. */
export interface RampPort {
  /** Undefined: nobody has defined it. Throws when nobody can say. */
  look(fleet: string, variable: string): Promise<VariableSight | undefined>;
  /** Answered when it is in the log. */
  say(order: RampOrder): Promise<RampAnswer>;
}
