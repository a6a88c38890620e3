import fc from 'fast-check';

import { anyText, valuesOf } from './arbitraries.js';

/** An operation as the OpenAPI document describes it. */
export interface Described {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: 'path' | 'query' | 'header';
    readonly schema?: Readonly<Record<string, unknown>>;
  }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Readonly<Record<string, unknown>> }>>;
  };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>
  >;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
}

export interface Operation extends Described {
  readonly method: string;
  readonly path: string;
}

export const operationsOf = (document: OpenApi): readonly Operation[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ ...described, method: method.toUpperCase(), path })),
  );

/** One call, as it goes out. */
export interface Call {
  readonly address: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const TYPES = [
  'application/json',
  'application/json',
  'application/json',
  'application/yaml',
  'text/plain',
  'x',
] as const;
const TIMES = ['2026-01-31T12:00:00Z', '2026-02-30T12:00:00Z', '0', '99999999999999'] as const;

/** What helps calls to get past the first check. */
export interface Hints {
  /** Names of what is there. */
  readonly known: readonly string[];
  /** A good body by operation: sent as it is, or with one member changed. */
  readonly bodies: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Calls of that operation. */
export function callsOf(operation: Operation, document: OpenApi, { known, bodies: good }: Hints): fc.Arbitrary<Call> {
  const resolve = (ref: string): Readonly<Record<string, unknown>> =>
    document.components.schemas[ref.slice(ref.lastIndexOf('/') + 1)] ?? {};
  const around = { resolve, known };
  const parameters = operation.parameters ?? [];
  const named = (where: string): string[] => parameters.filter((one) => one.in === where).map(({ name }) => name);
  const values = (name: string): fc.Arbitrary<string> => {
    const schema = parameters.find((one) => one.name === name)?.schema ?? { type: 'string' };
    return fc.oneof(valuesOf(schema, around).map(String), anyText([...known, ...TIMES]));
  };
  const path = fc.record(Object.fromEntries(named('path').map((name) => [name, anyText(known)])));
  const query = fc.array(
    fc.oneof(...[...named('query'), 'odd'].map((name) => fc.tuple(fc.constant(name), values(name)))),
    {
      maxLength: 3,
    },
  );
  const headers = fc.record(
    Object.fromEntries(named('header').map((name) => [name, fc.option(headerText, { nil: undefined })])),
  );
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const body =
    schema === undefined ? fc.constant(undefined) : bodies(near(good[operation.operationId], valuesOf(schema, around)));
  const type = fc.constantFrom(...TYPES);
  return fc.record({ path, query, headers, body, type }).map((drawn) => callOf(operation, drawn));
}

/** What Node lets a client send at all. */
const headerText = fc.oneof(
  fc.constantFrom('"1"', '"1-abc"', '*', '7', 'user:ana', 'service:x', 'text/event-stream', 'W/"x"', '\u00ff'),
  fc.string({ unit: 'grapheme-ascii', maxLength: 300 }).map((text) => text.trim()),
);

const bodies = (values: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 8, arbitrary: values.map((value) => JSON.stringify(value) ?? '') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('', '{', 'null', '[]', '{"a":1e999}', 'a: &a [*a]', '\ufeff{}', '[['.repeat(9_999)),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
  );

/** A good body in some of the cases, with one member that was drawn in others. */
function near(
  good: Readonly<Record<string, unknown>> | undefined,
  values: fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  if (good === undefined) return values;
  const name = fc.constantFrom(...Object.keys(good));
  const changed = fc.tuple(name, fc.jsonValue({ maxDepth: 2 })).map(([key, value]) => ({ ...good, [key]: value }));
  const own = fc.nat().map((n) => (n % 2 === 0 ? good : { ...good, reason: `fuzz ${n}` }));
  return fc.oneof({ weight: 3, arbitrary: values }, changed, own);
}

interface Drawn {
  readonly path: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string | undefined;
  readonly type: string;
}

function callOf({ path, method }: Operation, drawn: Drawn): Call {
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encoded(drawn.path[name] ?? ''));
  const query = drawn.query.map(([name, value]) => `${name}=${encoded(value)}`).join('&');
  const headers = Object.fromEntries(
    Object.entries(drawn.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const typed = drawn.body === undefined ? headers : { ...headers, 'content-type': drawn.type };
  return {
    address: query === '' ? address : `${address}?${query}`,
    method,
    headers: typed,
    ...(drawn.body === undefined ? {} : { body: drawn.body }),
  };
}

/** `..` as it stands would be taken out of the address by the client. */
const encoded = (text: string): string => encodeURIComponent(text.toWellFormed()).replaceAll('.', '%2E');
