import type { DomainEvent, EventMeta } from '../events/index.js';
import type { StepName } from '../plan.js';
import { encodeEvent } from './events.js';

type StepSucceeded = Extract<DomainEvent, { readonly type: 'StepSucceeded' }>;

/** What the scanner does not know: one event's JSON text, and the metadata of the event before it. */
type ReadEvent = (json: string, before: EventMeta) => { readonly event: DomainEvent; readonly meta: EventMeta };

export interface Scanned {
  readonly events: readonly DomainEvent[];
  readonly meta: readonly EventMeta[];
}

const STEPS: readonly StepName[] = ['probe', 'drain', 'download', 'install', 'verify', 'enable'];

/** Steps by the character code of the letter that the codec writes for them. */
const STEP_BY_LETTER = stepsByLetter();

function stepsByLetter(): readonly (StepName | undefined)[] {
  const table: (StepName | undefined)[] = [];
  for (const step of STEPS) {
    const data = encodeEvent({ type: 'StepSucceeded', target: 0, step, n: 1, ms: 0 }).data as readonly unknown[];
    table[String(data[1]).charCodeAt(0)] = step;
  }
  return table;
}

const STEP = '{"type":"StepSucceeded","data":[';
const BY_AGENT = ',"by":{"id":"';
const AGENT = ',"kind":"agent"}';
const CAUSE = ',"cause":"';
const [QUOTE, COMMA, OPEN, CLOSE, END, BACKSLASH] = [34, 44, 123, 125, 93, 92];
const [ZERO, NINE] = [48, 57];
/** More digits may not fit a number exactly. */
const MAX_DIGITS = 15;

/**
 * Reads the events of a commit's text, of which `from` is the place behind `"events":[`. Nearly all events of a log
 * are results of steps in the form that encodeCommit gives them; those are read in one go, at a third of what
 * JSON.parse and decoding cost. Everything else goes to `read` as JSON. Undefined when the text is not put together as
 * encodeCommit does it: then it is for JSON.parse to say what it is.
 */
export function scanEvents(text: string, from: number, first: EventMeta, read: ReadEvent): Scanned | undefined {
  return new Scanner(text, from, first).all(read);
}

class Scanner {
  /** What `integer` and `string` have read. */
  private number = 0;
  private word = '';
  /** Where the first character that is escaped stands; nearly no commit has one. */
  private readonly escape: number;

  constructor(
    private readonly text: string,
    private at: number,
    private meta: EventMeta,
  ) {
    this.escape = text.indexOf('\\', at);
  }

  all(read: ReadEvent): Scanned | undefined {
    const { text } = this;
    const events: DomainEvent[] = [];
    const meta: EventMeta[] = [];
    for (let separator = COMMA; separator === COMMA; this.at += 1) {
      const event = this.step() ?? this.other(read);
      if (event === undefined) return undefined;
      events.push(event);
      meta.push(this.meta);
      separator = text.charCodeAt(this.at);
      if (separator !== COMMA && separator !== END) return undefined;
    }
    return this.at === text.length - 1 && text.charCodeAt(this.at) === CLOSE ? { events, meta } : undefined;
  }

  /** A step's result at this place; undefined and nothing moved for anything else. */
  private step(): StepSucceeded | undefined {
    const start = this.at;
    if (!this.literal(STEP)) return undefined;
    const event = this.stepData();
    if (event !== undefined && this.charOver(CLOSE)) return event;
    if (event !== undefined && this.metaOfReport() && this.charOver(CLOSE)) return event;
    this.at = start;
    return undefined;
  }

  /** `12,"d",1,340]` */
  private stepData(): StepSucceeded | undefined {
    if (!this.integer()) return undefined;
    const target = this.number;
    const step = STEP_BY_LETTER[this.text.charCodeAt(this.at + 2)];
    if (step === undefined || !this.letterFollows()) return undefined;
    if (!this.integer() || !this.charOver(COMMA)) return undefined;
    const n = this.number;
    return this.integer() && this.charOver(END)
      ? { type: 'StepSucceeded', target, step, n, ms: this.number }
      : undefined;
  }

  /** `,"d",` */
  private letterFollows(): boolean {
    const { text, at } = this;
    const quoted = text.charCodeAt(at + 1) === QUOTE && text.charCodeAt(at + 3) === QUOTE;
    this.at = at + 5;
    return quoted && text.charCodeAt(at) === COMMA && text.charCodeAt(at + 4) === COMMA;
  }

  /** What the first result of a report says: its agent and its attempt. */
  private metaOfReport(): boolean {
    if (!this.literal(BY_AGENT) || !this.string()) return false;
    const id = this.word;
    if (!this.literal(AGENT) || !this.literal(CAUSE) || !this.string()) return false;
    if (this.text.charCodeAt(this.at) !== CLOSE) return false;
    this.meta = { by: { id, kind: 'agent' }, cause: this.word, corr: this.meta.corr };
    return true;
  }

  private other(read: ReadEvent): DomainEvent | undefined {
    const end = endOfObject(this.text, this.at);
    if (end === undefined) return undefined;
    const { event, meta } = read(this.text.slice(this.at, end), this.meta);
    this.at = end;
    this.meta = meta;
    return event;
  }

  private literal(expected: string): boolean {
    if (!this.text.startsWith(expected, this.at)) return false;
    this.at += expected.length;
    return true;
  }

  private charOver(code: number): boolean {
    if (this.text.charCodeAt(this.at) !== code) return false;
    this.at += 1;
    return true;
  }

  /** Digits as JSON writes a whole number. */
  private integer(): boolean {
    const { text, at } = this;
    let [value, end] = [0, at];
    for (let code = text.charCodeAt(end); code >= ZERO && code <= NINE; code = text.charCodeAt(end)) {
      value = value * 10 + (code - ZERO);
      end += 1;
    }
    this.number = value;
    this.at = end;
    const digits = end - at;
    return digits > 0 && digits <= MAX_DIGITS && (digits === 1 || text.charCodeAt(at) !== ZERO);
  }

  /** The rest of a string whose quote was read, when nothing up to its end is escaped. */
  private string(): boolean {
    const { text, at, escape } = this;
    const end = text.indexOf('"', at);
    this.word = text.slice(at, end);
    this.at = end + 1;
    return end >= 0 && (escape < 0 || end < escape);
  }
}

/** Where the object that begins at `from` ends; undefined when it does not. */
function endOfObject(text: string, from: number): number | undefined {
  if (text.charCodeAt(from) !== OPEN) return undefined;
  let depth = 0;
  for (let i = from; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = endOfString(text, i);
    else if (code === OPEN) depth += 1;
    else if (code === CLOSE) depth -= 1;
    if (depth === 0) return i + 1;
  }
  return undefined;
}

/** The place of the quote that ends the string which begins at `from`, or the end of the text. */
function endOfString(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) return i;
    if (code === BACKSLASH) i += 1;
  }
  return text.length;
}
