import type { FreezeCommand, FreezeEvent } from '@sluice/contracts';
import { SluiceError, unreachable } from '@sluice/kernel';

import type { FreezesState } from './state.js';

/** A freeze is for days, not for ever: whoever wants more declares it again. */
export const MAX_FREEZE_MS = 92 * 86_400_000;
/** It may begin so far ahead. */
export const MAX_AHEAD_MS = 366 * 86_400_000;
/** Freezes that are declared and not over. */
export const MAX_FREEZES = 1_000;

export type FreezesInput =
  /** Time alone: freezes end. */
  | { readonly type: 'tick' }
  /** `id`: of the freeze that a `freeze` declares; of the one that is meant by any other command. */
  | { readonly type: 'command'; readonly id: string; readonly command: FreezeCommand; readonly reason?: string };

/** What follows for the freezes of the installation. Codes: REASON_NEEDED, BAD_COMMAND, CONFLICT, NOT_FOUND. */
export function decideFreezes(state: FreezesState, input: FreezesInput, now: number): readonly FreezeEvent[] {
  switch (input.type) {
    case 'tick':
      return [...state.values()]
        .filter(({ until }) => until <= now)
        .map(({ freeze }) => ({ type: 'FreezeLifted', freeze, by: 'expiry' }));
    case 'command':
      return said(state, input, now);
    default:
      return unreachable(input, 'freeze input');
  }
}

function said(
  state: FreezesState,
  { id, command, reason }: Extract<FreezesInput, { readonly type: 'command' }>,
  now: number,
): readonly FreezeEvent[] {
  const why = reason?.trim() ?? '';
  if (why === '') throw new SluiceError('REASON_NEEDED', `${command.type} needs a reason: it stays in the history`);
  if (command.type === 'lift') return lifted(state, id, why);
  const { scope, from = now, until } = command;
  assertTimes(from, until, now);
  if (state.has(id)) throw new SluiceError('CONFLICT', `a freeze ${id} holds already: lift it, or declare a new one`);
  if (state.size >= MAX_FREEZES)
    throw new SluiceError('CONFLICT', `${MAX_FREEZES} freezes are declared already: lift those that are not needed`);
  return [{ type: 'FreezeDeclared', freeze: id, scope, from: Math.max(from, now), until, reason: why }];
}

function assertTimes(from: number, until: number, now: number): void {
  if (until <= Math.max(from, now))
    throw new SluiceError('BAD_COMMAND', 'a freeze ends after now and after its begin: say a later end');
  if (from > now + MAX_AHEAD_MS)
    throw new SluiceError('BAD_COMMAND', 'a freeze begins within a year: declare it when it is nearer');
  if (until - Math.max(from, now) > MAX_FREEZE_MS)
    throw new SluiceError('BAD_COMMAND', 'a freeze lasts at most 92 days: declare it again when it is needed longer');
}

function lifted(state: FreezesState, freeze: string, reason: string): readonly FreezeEvent[] {
  if (!state.has(freeze))
    throw new SluiceError('NOT_FOUND', `no freeze "${freeze.slice(0, 60)}" holds: list them to see which do`);
  return [{ type: 'FreezeLifted', freeze, by: 'command', reason }];
}
