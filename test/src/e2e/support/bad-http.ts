import type { Api } from '@sluice/demo';

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
}

/** Names that address nothing; the last two are too long for a name and for an address. */
const NAMES = ['..%2F..', 'a.%3E', '%00', '*', '%E0%A4%A', 'x'.repeat(300), 'x'.repeat(9_000)];

const BODIES = [
  '',
  '{',
  'null',
  '[]',
  '7',
  '"x"',
  '{"oops":1}',
  '{"__proto__":1}',
  '{"reason":{}}',
  '{"a":'.repeat(9_000) + '1' + '}'.repeat(9_000),
];

const BOMB = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
  .split('')
  .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`)
  .join('\n')}`;

const QUERIES = [
  '?limit=-1',
  '?limit=1e9',
  '?cursor=%FF',
  '?cursor=zzz',
  '?state=odd',
  '?after=x',
  '?oops=1',
  '?limit=1&limit=2',
];

export interface Garbage {
  readonly what: string;
  readonly path: string;
  readonly init: RequestInit;
}

/** Every operation that the API documents, with addresses, queries, bodies and headers that are wrong. */
export async function garbageFor(api: Api, known: Readonly<Record<string, string>>): Promise<readonly Garbage[]> {
  const document = await api.get<OpenApi>('/docs-json');
  const garbage: Garbage[] = [];
  for (const [template, methods] of Object.entries(document?.paths ?? {})) {
    for (const [method, { operationId }] of Object.entries(methods)) {
      const of = { template, method: method.toUpperCase(), operationId };
      garbage.push(...badAddresses(of), ...(of.method === 'GET' ? badQueries(of, known) : badBodies(of, known)));
    }
  }
  return garbage;
}

interface Operation {
  readonly template: string;
  readonly method: string;
  readonly operationId: string;
}

const JSON_TYPE = { 'content-type': 'application/json' };

const fill = (template: string, value: (parameter: string) => string): string =>
  template.replaceAll(/\{(\w+)\}/g, (_, name: string) => value(name));

function badAddresses({ template, method, operationId }: Operation): Garbage[] {
  if (!template.includes('{')) return [];
  return NAMES.map((name) => ({
    what: `${operationId} of ${name.slice(0, 20)}`,
    path: fill(template, () => name),
    init: method === 'GET' ? { method } : { method, headers: JSON_TYPE, body: '{}' },
  }));
}

function badQueries({ template, method, operationId }: Operation, known: Readonly<Record<string, string>>): Garbage[] {
  const path = fill(template, (name) => known[name] ?? 'none');
  return QUERIES.map((query) => ({ what: `${operationId} ${query}`, path: path + query, init: { method } }));
}

function badBodies({ template, method, operationId }: Operation, known: Readonly<Record<string, string>>): Garbage[] {
  const path = fill(template, (name) => known[name] ?? 'none');
  const with_ = (body: string, headers: Record<string, string> = JSON_TYPE): Garbage => ({
    what: `${operationId} ${body.slice(0, 20)} ${JSON.stringify(headers)}`,
    path,
    init: { method, headers, body },
  });
  return [
    ...BODIES.map((body) => with_(body)),
    with_('a: [', { 'content-type': 'application/yaml' }),
    with_(BOMB, { 'content-type': 'application/yaml' }),
    with_('a=1', { 'content-type': 'application/x-www-form-urlencoded' }),
    with_('{"oops":1}', { ...JSON_TYPE, 'x-sluice-actor': 'god:ana' }),
    with_('{"oops":1}', { ...JSON_TYPE, 'idempotency-key': 'a b' }),
    with_('{"oops":1}', { ...JSON_TYPE, 'if-match': 'yesterday' }),
  ];
}
