import { type Fleet, nameOf, nextFlipAt, statusOf, variableActions, type VariableState } from '@sluice/variable';

import type { VariableDetail } from '../variables/variables-view.js';
import type { AtMoment } from './cut.js';
import type { VariableThen } from './variables-past.js';

/** A variable as it was: all but what its hosts said that they had, which is not in the log. */
export interface VariableDetailThen extends Omit<VariableDetail, 'reported'> {
  readonly reported: null;
  readonly at: AtMoment;
  readonly notInLog: readonly string[];
}

const MAX_PINS_TOLD = 1_000;

export function variableDetailThen({ fleet, rev, state, variable, at }: VariableThen): VariableDetailThen {
  const { from, to, other, name, ...status } = statusOf(state, variable, at.time);
  return {
    ...{ fleet, name, rev },
    ...status,
    counts: { from, to, other },
    spec: variable.spec,
    actions: variableActions(variable),
    nextAt: nextFlipAt(variable, state.roster) ?? null,
    stopped: variable.stopped ?? null,
    pins: pinsOf(state, variable).slice(0, MAX_PINS_TOLD),
    reported: null,
    at,
    notInLog: ['reported'],
  };
}

export const pinsOf = ({ roster }: Fleet, { pins }: VariableState): VariableDetail['pins'] =>
  Array.from(pins, ([slot, value]) => ({ host: nameOf(roster, slot), value }));
