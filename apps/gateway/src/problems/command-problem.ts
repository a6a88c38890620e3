import type { CommandResult, Fault } from '@sluice/contracts';

import { type Problem, problemOf } from './problem.js';

export type Refused = Extract<CommandResult, { readonly ok: false }>;

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

const isFaults = (value: unknown): value is readonly Fault[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null && 'path' in item);

/**
 * What a refused command is over HTTP. `details.actions` and `details.faults` become members of the problem. `actions`
 * of the read model stand in where the answer names none, so that a 409 always has the list (TRS-10).
 */
export function problemOfRefusal(refused: Refused, actions?: readonly string[]): Problem {
  const { actions: offered, faults, ...details } = refused.details ?? {};
  const list = isTexts(offered) ? offered : actions;
  const problem = problemOf(refused.code, refused.message);
  return {
    ...problem,
    ...(problem.status === 409 && list !== undefined ? { actions: list } : {}),
    ...(isFaults(faults) ? { faults } : {}),
    ...(Object.keys(details).length > 0 ? { details } : {}),
  };
}
