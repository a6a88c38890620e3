import type { DecidedAgain, InputOrigin, RolloutEvent } from '@sluice/contracts';
import { messageOf } from '@sluice/kernel';

import { decideRollout } from '../../decide/decide.js';
import type { RolloutState } from '../../state.js';
import { inputAt } from './inputs.js';
import { bytesOf, isAt, ofOne, type Place, type RecordedEvents } from './recorded.js';

export type Again = Omit<DecidedAgain, 'index'>;

/** Events that only the course of a rollout brings. */
const OF_THE_COURSE: ReadonlySet<RolloutEvent['type']> = new Set<RolloutEvent['type']>([
  'ApprovalRequested',
  'WaitStarted',
  'BatchAwaited',
  'StageEntered',
  'TargetsAdmitted',
  'StageSettled',
  'GatesRequested',
  'SideScaleOrdered',
  'SideRetireOrdered',
  'RolloutSucceeded',
  'RolloutFailed',
  'RolloutCancelled',
]);

/**
 * Decides again what stands at that place of a commit, on the state before it. In the middle of a commit the course of the
 * rollout comes first: it runs until it is quiet before the next input is looked at, so what it would have decided and
 * is not there was left out.
 */
export function decideAgain(place: Place): Again {
  const { recorded, i, state } = place;
  const course = attempt(state, { type: 'advance' }, recorded.at);
  const event = recorded.events[i];
  if (event === undefined) return { verdict: 'same', from: 'state', words: 'nothing', count: 0 };
  if (isAt(recorded, i, course.events)) return same('state', course.events.length);
  const isCourse = OF_THE_COURSE.has(event.type) || (i > 0 && course.events.length > 0);
  return isCourse ? differs('state', course, event) : answered(place, event);
}

/** A commit is full before it has so many, and what follows then stands in the next one. */
const FULL_EVENTS = 480;
const FULL_BYTES = 300 * 1024;

/**
 * What would have followed at the end of a commit and is not there: the course runs until it is quiet before anything is
 * committed, unless the commit was full.
 */
export function leftOut(state: RolloutState, { events, at }: Pick<RecordedEvents, 'events' | 'at'>): Again | undefined {
  const course = attempt(state, { type: 'advance' }, at);
  const [first] = course.events;
  if (first === undefined || events.length > FULL_EVENTS) return undefined;
  const bytes = [...events, ...course.events].reduce((sum, event) => sum + bytesOf(event).length, 0);
  if (bytes > FULL_BYTES) return undefined;
  const words = `decided again ${shortly(first)} follows, and is not recorded`;
  return { verdict: 'differs', from: 'state', words, count: 0 };
}

function answered(place: Place, event: RolloutEvent): Again {
  const { state, recorded, i } = place;
  const rebuilt = inputAt(place);
  if ('lacks' in rebuilt)
    return { verdict: 'undecidable', from: 'event', words: rebuilt.lacks, count: ofOne(recorded, i).length };
  if ('impossible' in rebuilt) return { verdict: 'differs', from: 'event', words: rebuilt.impossible, count: 1 };
  const decided = attempt(state, rebuilt.input, recorded.at);
  return isAt(recorded, i, decided.events)
    ? same(rebuilt.from, decided.events.length)
    : differs(rebuilt.from, decided, event);
}

interface Attempt {
  readonly events: readonly RolloutEvent[];
  readonly refusal?: string;
}

function attempt(state: RolloutState, input: Parameters<typeof decideRollout>[1], at: number): Attempt {
  try {
    return { events: decideRollout(state, input, at) };
  } catch (error) {
    return { events: [], refusal: messageOf(error) };
  }
}

const same = (from: InputOrigin, count: number): Again => ({
  verdict: 'same',
  from,
  words: 'the same, byte for byte',
  count,
});

function differs(from: InputOrigin, { events, refusal }: Attempt, recorded: RolloutEvent): Again {
  const [first] = events;
  const words =
    refusal !== undefined
      ? `decided again it is refused: ${refusal}`
      : first === undefined
        ? 'decided again nothing follows'
        : `decided again it is ${shortly(first)}`;
  return { verdict: 'differs', from, words: `${words}; recorded is ${shortly(recorded)}`, count: 1 };
}

const shortly = (event: RolloutEvent): string => bytesOf(event).slice(0, 400);
