/** What a host says that it has, by variable. */
export type Actual = Readonly<Record<string, string>>;

/** Different reports that are told apart; hosts that have the same share one. */
const MAX_TEXTS = 20_000;
const MAX_TEXT = 2_000;

/** `docker=1.2, puppet=7`: undefined for what cannot be read. */
export function parseActual(text: string): Actual | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const entries: [string, string][] = [];
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const [name, value] = [part.slice(0, equals).trim(), part.slice(equals + 1).trim()];
    if (equals < 1 || !/^[A-Za-z_][\w.-]{0,99}$/.test(name)) return undefined;
    entries.push([name, decoded(value)]);
  }
  return Object.freeze(Object.fromEntries(entries));
}

/** A value with a comma in it comes percent-encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What the hosts of one fleet said last, in memory only: they say it again with each question (TSU-06). */
export class Actuals {
  private readonly bySlot: (Actual | undefined)[] = [];
  private readonly texts = new Map<string, Actual>();

  /** What cannot be read is as if it had not been said. */
  note(slot: number, text: string): void {
    const known = this.texts.get(text) ?? this.read(text);
    if (known === undefined) return;
    while (this.bySlot.length <= slot) this.bySlot.push(undefined);
    this.bySlot[slot] = known;
  }

  of(slot: number): Actual | undefined {
    return this.bySlot[slot];
  }

  private read(text: string): Actual | undefined {
    const actual = parseActual(text);
    if (actual === undefined) return undefined;
    if (this.texts.size >= MAX_TEXTS) this.texts.clear();
    this.texts.set(text, actual);
    return actual;
  }
}
