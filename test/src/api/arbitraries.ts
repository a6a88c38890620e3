import fc from 'fast-check';

type Schema = Readonly<Record<string, unknown>>;
type Resolve = (ref: string) => Schema;

const MAX_DEPTH = 4;

/** Texts that have broken something somewhere before. */
const NASTY = [
  '',
  ' ',
  '.',
  '..',
  '../../etc/passwd',
  '*',
  '>',
  'a.>',
  '$KV.sluice_tokens.>',
  '__proto__',
  'constructor',
  'a\u0000b',
  '\u202e',
  'ä'.repeat(150),
  'x'.repeat(5_000),
  '-1',
  '1e309',
  '%00',
  '"',
  "' OR 1=1 --",
  '{}',
] as const;

/** Any text, with those that were good somewhere (names of what is there) among them. */
export const anyText = (known: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: known.length === 0 ? fc.string() : fc.constantFrom(...known) },
    { weight: 1, arbitrary: fc.constantFrom(...NASTY) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
  );

const anyNumber: fc.Arbitrary<unknown> = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -1, 1, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308),
);

/** Values that the schema describes most of the time, and that hurt it the rest. */
export function valuesOf(
  schema: Schema,
  { resolve, known, depth = 0 }: { resolve: Resolve; known: readonly string[]; depth?: number },
): fc.Arbitrary<unknown> {
  const wild = fc.jsonValue({ maxDepth: 3 });
  if (depth > MAX_DEPTH) return wild;
  const inner = { resolve, known, depth: depth + 1 };
  return fc.oneof({ weight: 12, arbitrary: fitting(schema, inner) }, { weight: 1, arbitrary: wild });
}

interface Around {
  readonly resolve: Resolve;
  readonly known: readonly string[];
  readonly depth: number;
}

function fitting(schema: Schema, around: Around): fc.Arbitrary<unknown> {
  if (typeof schema['$ref'] === 'string') return valuesOf(around.resolve(schema['$ref']), around);
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  const options = (schema['oneOf'] ?? schema['anyOf']) as readonly Schema[] | undefined;
  if (options !== undefined) return fc.oneof(...options.map((option) => valuesOf(option, around)));
  switch (schema['type']) {
    case 'object':
      return objects(schema, around);
    case 'array':
      return fc.array(valuesOf((schema['items'] ?? {}) as Schema, around), { maxLength: 5 });
    case 'integer':
    case 'number':
      return numbers(schema);
    case 'boolean':
      return fc.boolean();
    case 'string':
      return texts(schema, around.known);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function numbers({ minimum, maximum }: Schema): fc.Arbitrary<unknown> {
  const [min, max] = [Number(minimum ?? -1_000), Number(maximum ?? 100_000)];
  return fc.oneof(
    { weight: 4, arbitrary: fc.maxSafeInteger().map((n) => min + (Math.abs(n) % (max - min + 1))) },
    anyNumber,
  );
}

const GOOD: readonly string[] = [
  '30s',
  '5m',
  '25%',
  '10%+20%+70%',
  '2.0.0',
  'file:///hello.tgz',
  '/health',
  'ab'.repeat(32),
];

function texts(schema: Schema, known: readonly string[]): fc.Arbitrary<string> {
  const { pattern } = schema;
  if (typeof pattern !== 'string') return anyText(known);
  const fits = [...known, ...GOOD, 'user:fuzz', 'viewer'].filter((text) => new RegExp(pattern, 'u').test(text));
  return anyText(fits.length > 0 ? fits : known);
}

function objects(schema: Schema, around: Around): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Schema>>);
  const required = new Set((schema['required'] ?? []) as readonly string[]);
  const shape = Object.fromEntries(
    properties.map(([name, inner]) => {
      const value = valuesOf(inner, around);
      // What is needed is hardly ever left out, or nothing would get past the first check.
      const there = fc.option(value, { nil: undefined, freq: required.has(name) ? 20 : 2 });
      return [name, there];
    }),
  );
  const extra = fc.option(fc.tuple(anyText([]), fc.jsonValue({ maxDepth: 1 })), { nil: undefined, freq: 8 });
  // Half of the time an unknown member comes with it.
  return fc
    .tuple(fc.record(shape), extra)
    .map(([object, added]) => (added === undefined ? object : { ...object, [added[0]]: added[1] }));
}
