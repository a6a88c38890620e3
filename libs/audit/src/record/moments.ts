const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const TIME_DIGITS = 10;
/** An id that only looks like one with a time: before 2020 nobody made any. */
const FIRST = 1_577_836_800_000;

/** The time in a ULID, ms since the epoch by the clock of who made it; undefined for any other id. */
export function timeOfId(id: string): number | undefined {
  if (!ULID.test(id)) return undefined;
  let time = 0;
  for (const digit of id.slice(0, TIME_DIGITS)) time = time * 32 + CROCKFORD.indexOf(digit);
  return time < FIRST ? undefined : time;
}

const COMMAND = 'command:';

export const isCommand = (cause: string): boolean => cause.startsWith(COMMAND);

/** When the command that an event answers was given. */
export const timeOfCause = (cause: string): number | undefined =>
  isCommand(cause) ? timeOfId(cause.slice(COMMAND.length)) : undefined;

/** RFC 3339 in UTC with milliseconds; what no clock could have said stands there as it is. */
export const timeText = (at: number): string =>
  Math.abs(at) <= 8_640_000_000_000_000 ? new Date(at).toISOString() : `${at} ms`;

const REFERENCE = /https?:\/\/[^\s<>"']{1,300}[^\s<>"'.,;:)\]]|\b[A-Z][A-Z0-9]{1,9}-\d{1,8}\b/g;
const MAX_REFERENCES = 20;

/** Links and tickets in what somebody wrote. */
export const referencesIn = (text: string): readonly string[] =>
  [...new Set(text.match(REFERENCE) ?? [])].slice(0, MAX_REFERENCES);
