import { InvalidArgumentError } from 'commander';

import type { AtMoment } from '@sluice/gateway';
import { messageOf, parseMoment } from '@sluice/kernel';

import { instant } from '../output/table.js';

/** A moment as the API takes it; what it cannot be is told before anything is asked. */
export function momentArgument(text: string): string {
  try {
    parseMoment(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
}

export const MOMENTS = 'a time (2026-01-31T12:00:00Z), how long ago (5m), or a position of the log (@118)';

export const AT = ['--at <moment>', `as the log tells it of then: ${MOMENTS}`, momentArgument] as const;

/** The moment that an answer was about, so that its next page is about the same one. */
export const pinned = (asked: string | undefined, at: AtMoment | undefined): string | undefined =>
  asked === undefined || at === undefined || asked.startsWith('@') ? asked : String(at.time);

/** `2026-01-31T12:00:00Z (@118)`. */
export const momentInWords = ({ time, position }: AtMoment): string => `${instant(time)} (@${position})`;

/** What stands above an answer that is not about now. */
export const thenText = (at: AtMoment | undefined, notInLog: readonly string[] = []): readonly string[] => {
  if (at === undefined) return [];
  const left = notInLog.length === 0 ? '' : `; not in the log: ${notInLog.join(', ')}`;
  return [`as it was at ${momentInWords(at)}${left}`, ''];
};
