/** What the placeholders of a query stand for. Lists are the names of hosts. */
export interface QueryValues {
  readonly app: string;
  readonly group: string;
  readonly version: string;
  /** The new and the old side, of a shift of traffic. */
  readonly side?: string;
  readonly oldSide?: string;
  /** Those of the stage that came through. */
  readonly hosts: readonly string[];
  /** Those that still run what was before. */
  readonly others: readonly string[];
}

/** `empty`: it asks about hosts, and there are none; nobody should ask it then. */
export type Filling =
  | { readonly ok: true; readonly query: string }
  | { readonly ok: false; readonly why: 'faulty' | 'empty'; readonly words: string };

/** More hosts are represented by so many, evenly spread. */
export const MAX_HOSTS = 50;

const PLACE = /^\{\{\s*([a-zA-Z]+)(:re)?\s*\}\}/;
const LISTS: ReadonlySet<string> = new Set(['hosts', 'others']);

/**
 * A query of PromQL with its placeholders filled in, each escaped for the quotes that it stands in, so that no name can
 * change what is asked. `{{hosts}}` and `{{others}}` become regular expressions, `{{version:re}}` one that matches just
 * that text, and `{{window}}` a duration.
 */
export function fillQuery(template: string, values: QueryValues, windowMs: number): Filling {
  let filled = '';
  let quote = '';
  for (let i = 0; i < template.length;) {
    const place = PLACE.exec(template.slice(i, i + 64));
    if (place !== null) {
      const [whole, name = '', pattern] = place;
      const text = textOf({ name, isPattern: pattern !== undefined, quote }, values, windowMs);
      if (typeof text !== 'string') return text;
      filled += text;
      i += whole.length;
      continue;
    }
    const escaped = template[i] === '\\' && quote !== '' && quote !== '`';
    const mark = template.slice(i, i + (escaped ? 2 : 1));
    quote = quoteAfter(quote, mark);
    filled += mark;
    i += mark.length;
  }
  return { ok: true, query: filled };
}

const faulty = (words: string): Filling => ({ ok: false, why: 'faulty', words });

/** The quotes that are open after this mark: `"`, `'`, a backquote, `#` for a comment, or none. */
function quoteAfter(quote: string, mark: string): string {
  if (quote === '#') return mark === '\n' ? '' : quote;
  if (quote !== '') return mark === quote ? '' : quote;
  return ['"', "'", '`', '#'].includes(mark) ? mark : '';
}

interface Place {
  readonly name: string;
  readonly isPattern: boolean;
  readonly quote: string;
}

function textOf({ name, isPattern, quote }: Place, values: QueryValues, windowMs: number): string | Filling {
  if (name === 'window') return windowMs % 1_000 === 0 ? `${windowMs / 1_000}s` : `${windowMs}ms`;
  const value = valueOf(name, isPattern, values);
  if (typeof value !== 'string') return value;
  if (quote === '' || quote === '#')
    return faulty(`the query holds {{${name}}} outside of quotes: put it into the value of a label`);
  if (quote !== '`') return quoted(value);
  if (!value.includes('`')) return value;
  return faulty(`{{${name}}} stands between backquotes and holds one: use double quotes in the query`);
}

function valueOf(name: string, isPattern: boolean, values: QueryValues): string | Filling {
  if (LISTS.has(name)) {
    const list = values[name === 'hosts' ? 'hosts' : 'others'];
    if (list.length > 0) return `(?:${spread(list).map(literalPattern).join('|')})`;
    const whose = name === 'hosts' ? 'runs the new version yet' : 'still runs what was before';
    return { ok: false, why: 'empty', words: `no host ${whose}, so there is nothing to ask about` };
  }
  const { app, group, version, side, oldSide } = values;
  const texts: Readonly<Record<string, string | undefined>> = { app, group, version, side, oldSide };
  const value = Object.hasOwn(texts, name) ? texts[name] : undefined;
  if (value !== undefined) return isPattern ? literalPattern(value) : value;
  const known = Object.keys(texts).filter((each) => texts[each] !== undefined);
  const there = [...known, ...LISTS, 'window'].map((each) => `{{${each}}}`).join(', ');
  return faulty(`the query holds {{${name}}}; there is ${there}`);
}

/** At most MAX_HOSTS of a list, evenly spread over it: the same ones for the same list. */
export function spread<T>(list: readonly T[], most = MAX_HOSTS): readonly T[] {
  if (list.length <= most) return list;
  const step = list.length / most;
  return Array.from({ length: most }, (_, i) => list[Math.floor(i * step)]).filter((one) => one !== undefined);
}

/** Matches just this text in RE2. Classes instead of backslashes keep a query readable inside its quotes. */
const literalPattern = (text: string): string =>
  text.replace(/[.$*+?()|{}\\^[\]]/g, (mark) => ('\\^[]'.includes(mark) ? `\\${mark}` : `[${mark}]`));

/** Fit for what stands between double or single quotes of PromQL. */
const quoted = (text: string): string =>
  text.toWellFormed().replace(/[\\"'`\p{Cc}]/gu, (mark) => '\\u' + mark.charCodeAt(0).toString(16).padStart(4, '0'));
