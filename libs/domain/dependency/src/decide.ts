import type { DependencyCommand, DependencyEvent } from '@sluice/contracts';
import { SluiceError, unreachable } from '@sluice/kernel';

import type { BreakerState, DependencyState } from './state.js';

/** A forced mode is for an outage, not for ever (design 6.2). */
export const MAX_FORCED_MS = 24 * 3_600_000;
export const MIN_FORCED_MS = 1_000;

export type DependencyInput =
  /** An executor's breaker has moved; `words` say why it opened. */
  | { readonly type: 'moved'; readonly to: BreakerState; readonly words: string }
  /** Time alone: a forced mode ends. */
  | { readonly type: 'tick' }
  | { readonly type: 'command'; readonly command: DependencyCommand; readonly reason?: string };

/**
 * What follows for the dependency `name`. Several executors tell of one dependency, so what is so already is quiet.
 * Codes: REASON_NEEDED, BAD_COMMAND, CONFLICT (nothing is forced).
 */
export function decideDependency(
  name: string,
  state: DependencyState,
  input: DependencyInput,
  now: number,
): readonly DependencyEvent[] {
  switch (input.type) {
    case 'moved':
      return moved(name, state, input);
    case 'tick':
      return state.forced !== undefined && state.forced.until <= now
        ? [{ type: 'DependencyReleased', dependency: name, by: 'expiry' }]
        : [];
    case 'command':
      return said(name, state, input, now);
    default:
      return unreachable(input, 'dependency input');
  }
}

function moved(
  dependency: string,
  { breaker }: DependencyState,
  { to, words }: Extract<DependencyInput, { readonly type: 'moved' }>,
): readonly DependencyEvent[] {
  if (to === breaker) return [];
  if (to === 'open') return [{ type: 'DependencyOpened', dependency, words }];
  // Another executor has closed it meanwhile: its news is better than our question.
  if (to === 'halfOpen') return breaker === 'open' ? [{ type: 'DependencyHalfOpened', dependency }] : [];
  return [{ type: 'DependencyClosed', dependency }];
}

function said(
  dependency: string,
  state: DependencyState,
  { command, reason }: Extract<DependencyInput, { readonly type: 'command' }>,
  now: number,
): readonly DependencyEvent[] {
  const why = reason?.trim() ?? '';
  if (why === '')
    throw new SluiceError('REASON_NEEDED', `${command.type} needs a reason: it stays in the history of ${dependency}`);
  if (command.type === 'release') return released(dependency, state, why);
  const { mode, forMs } = command;
  if (forMs < MIN_FORCED_MS || forMs > MAX_FORCED_MS)
    throw new SluiceError('BAD_COMMAND', 'a forced mode lasts 1s to 24h: say how long, and force it again if need be');
  return [{ type: 'DependencyForced', dependency, mode, until: now + forMs, reason: why }];
}

function released(dependency: string, { forced }: DependencyState, reason: string): readonly DependencyEvent[] {
  if (forced === undefined)
    throw new SluiceError('CONFLICT', `${dependency} is not forced: there is nothing to release`);
  return [{ type: 'DependencyReleased', dependency, by: 'command', reason }];
}
