import type {
  RampPhase,
  RosterEvent,
  Spite,
  StopCause,
  VariableCommand,
  VariableCommandType,
  VariableEvent,
} from '@sluice/contracts';
import { SluiceError, unreachable } from '@sluice/kernel';

import { definition } from './define.js';
import { firstValues, flipsAt } from './ramp.js';
import { checkValue } from './spec.js';
import { activeAt, type Fleet, type VariableState } from './state.js';

export type VariableInput =
  | { readonly type: 'command'; readonly command: VariableCommand; readonly reason?: string }
  /** Time alone. */
  | { readonly type: 'tick' }
  /** What was folded of the roster: hosts that are new get their first value. */
  | { readonly type: 'joined'; readonly event: RosterEvent }
  | BreachInput;

/**
 * A service level objective is not met: freezes the ramp and reverts nothing (TSU-10). `named`: it speaks of just this
 * variable, which stops one that is finished, too: newcomers would get `to` all the while.
 */
interface BreachInput {
  readonly type: 'breach';
  readonly words: string;
  readonly numbers: Readonly<Record<string, number>>;
  readonly named?: boolean;
}

/** Pins are exceptions; a role that is kept back as a whole has a limit. */
export const MAX_PINS = 10_000;

const ANYTIME = ['define', 'pin', 'unpin'] as const;

/** What a variable offers in each phase; anything else is a CONFLICT that names them. */
const OFFERED: Readonly<Record<RampPhase, readonly VariableCommandType[]>> = {
  defined: ['ramp'],
  ramping: ['pause', 'stop', 'reverse', 'revert', 'finish'],
  paused: ['resume', 'stop', 'reverse', 'revert'],
  stopped: ['resume', 'reverse', 'revert'],
  // Newcomers get `to` all the while, which somebody may want to stop.
  finished: ['stop', 'reverse', 'revert'],
  reversing: ['pause', 'stop', 'ramp', 'revert'],
  reversed: ['ramp', 'revert'],
  reverted: ['ramp'],
};

/** The commands that a variable takes now; `define` alone when nobody has defined it. */
export const variableActions = (variable: VariableState | undefined): readonly VariableCommandType[] =>
  variable === undefined ? ['define'] : [...OFFERED[variable.phase], ...ANYTIME];

/**
 * What follows for the variable `name` at `now` (ms since the epoch).
 * Codes: NOT_FOUND, REASON_NEEDED, CONFLICT, BAD_VARIABLE, UNKNOWN_HOST, TOO_MANY_PINS.
 */
export function decideVariable(
  fleet: Fleet,
  name: string,
  input: VariableInput,
  now: number,
): readonly VariableEvent[] {
  if (input.type === 'command') return said(fleet, name, input, now);
  const variable = variableOf(fleet, name);
  switch (input.type) {
    case 'tick':
      return flipsAt(variable, fleet.roster, now);
    case 'joined':
      return input.event.type === 'HostsJoined' ? firstValues(variable, fleet.roster, input.event, now) : [];
    case 'breach':
      return stop(variable, input, now);
    default:
      return unreachable(input, 'variable input');
  }
}

/** Code NOT_FOUND. */
export function variableOf(fleet: Fleet, name: string): VariableState {
  const variable = fleet.variables.get(name);
  if (variable === undefined) throw new SluiceError('NOT_FOUND', `there is no variable ${name}: define it first`);
  return variable;
}

/** Frozen is frozen: a second verdict changes nothing. */
function stop(variable: VariableState, { words, numbers, named = false }: BreachInput, now: number) {
  const { phase } = variable;
  const goesOn = phase === 'ramping' || phase === 'reversing' || (named && phase === 'finished');
  const cause: StopCause = { kind: 'breach', words, numbers };
  return goesOn ? [{ type: 'RampStopped', activeMs: activeAt(variable, now), cause } as const] : [];
}

function said(
  fleet: Fleet,
  name: string,
  { command, reason: given }: Extract<VariableInput, { readonly type: 'command' }>,
  now: number,
): readonly VariableEvent[] {
  const reason = given?.trim() ?? '';
  if (reason === '')
    throw new SluiceError('REASON_NEEDED', `${command.type} needs a reason: it stays in the history of ${name}`);
  if (command.type === 'define') return [definition(fleet, name, { spec: command.spec, reason })];
  const variable = variableOf(fleet, name);
  const actions = variableActions(variable);
  if (!actions.includes(command.type))
    throw new SluiceError('CONFLICT', `${name} is ${variable.phase}: it takes ${actions.join(', ')}`, { actions });
  if (command.type === 'pin' || command.type === 'unpin') return pinned(fleet, variable, { command, reason });
  return [moved(variable, { command, reason }, activeAt(variable, now))];
}

type Moving = Exclude<VariableCommand, { readonly type: 'define' | 'pin' | 'unpin' }>;

function moved(
  variable: VariableState,
  { command, reason }: { readonly command: Moving; readonly reason: string },
  activeMs: number,
): VariableEvent {
  switch (command.type) {
    case 'ramp':
      return { type: 'RampStarted', activeMs, reason, ...inSpite(command) };
    case 'reverse':
      return { type: 'RampReversed', activeMs, reason };
    case 'pause':
      return { type: 'RampPaused', activeMs, reason };
    case 'resume':
      return { type: 'RampResumed', activeMs, reason, ...inSpite(command) };
    case 'stop':
      return { type: 'RampStopped', activeMs, reason, cause: { kind: 'command', words: reason, numbers: {} } };
    case 'finish':
      return { type: 'RampFinishOrdered', activeMs: variable.line.durationMs, reason };
    case 'revert':
      return { type: 'VariableReverted', count: variable.roles.reduce((sum, { to }) => sum + to, 0), reason };
    default:
      return unreachable(command, 'command to a variable');
  }
}

const inSpite = ({ spite }: { readonly spite?: Spite }): { readonly spite?: Spite } =>
  spite === undefined ? {} : { spite };

interface PinCommand {
  readonly command: Extract<VariableCommand, { readonly type: 'pin' | 'unpin' }>;
  readonly reason: string;
}

function pinned({ roster }: Fleet, variable: VariableState, { command, reason }: PinCommand): readonly VariableEvent[] {
  if (command.type === 'pin') checkValue(variable.spec.type, command.value);
  const slots = command.hosts.map((host) => {
    const slot = roster.slotOf.get(host);
    if (slot === undefined)
      throw new SluiceError('UNKNOWN_HOST', `no host ${host} was ever heard of: check its name, or let it join first`);
    return slot;
  });
  const hosts = [...new Set(slots)].toSorted((a, b) => a - b);
  if (command.type === 'pin') {
    const { value } = command;
    const added = hosts.filter((slot) => !variable.pins.has(slot)).length;
    if (variable.pins.size + added > MAX_PINS)
      throw new SluiceError('TOO_MANY_PINS', `a variable has at most ${MAX_PINS} pins: give a role a limit instead`);
    const changed = hosts.filter((slot) => variable.pins.get(slot) !== value);
    return changed.length === 0 ? [] : [{ type: 'HostsPinned', hosts: changed, value, reason }];
  }
  const held = hosts.filter((slot) => variable.pins.has(slot));
  return held.length === 0 ? [] : [{ type: 'HostsUnpinned', hosts: held, reason }];
}
