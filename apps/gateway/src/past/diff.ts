/** What one place was and is: `from` is missing where there was nothing, `to` where there is nothing any more. */
export interface Change {
  /** RFC 6901. */
  readonly path: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

/** Rows by name that are made when they are looked at: a hundred thousand hosts are never one document. */
export interface Table {
  readonly keys: () => Iterable<string>;
  readonly has: (key: string) => boolean;
  readonly row: (key: string) => unknown;
}

/** A state that can be held against another one of its kind: what it says as a whole, and its tables by name. */
export interface Comparable {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly tables: Readonly<Record<string, Table>>;
}

const NOTHING: Table = { keys: () => [], has: () => false, row: () => undefined };

/**
 * All changes that make `a` into `b`, in an order that follows from them alone. Objects are looked into; lists and
 * everything else are values. Undefined now and then, between rows, so that whoever asks can let others have their turn.
 */
export function* differences(a: Comparable, b: Comparable): Generator<Change | undefined> {
  yield* between('', a.facts, b.facts);
  for (const name of Object.keys({ ...a.tables, ...b.tables })) {
    const [before, after] = [a.tables[name] ?? NOTHING, b.tables[name] ?? NOTHING];
    const path = `/${escaped(name)}`;
    for (const key of before.keys()) {
      yield* between(`${path}/${escaped(key)}`, before.row(key), after.row(key));
      yield undefined;
    }
    for (const key of after.keys()) {
      if (!before.has(key)) yield { path: `${path}/${escaped(key)}`, to: after.row(key) };
      yield undefined;
    }
  }
}

function* between(path: string, a: unknown, b: unknown): Generator<Change> {
  if (isRecord(a) && isRecord(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
      yield* between(`${path}/${escaped(key)}`, own(a, key), own(b, key));
    return;
  }
  if (JSON.stringify(a) === JSON.stringify(b)) return;
  yield { path, ...(a === undefined ? {} : { from: a }), ...(b === undefined ? {} : { to: b }) };
}

type Plain = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const own = (record: Plain, key: string): unknown => (Object.hasOwn(record, key) ? record[key] : undefined);

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
