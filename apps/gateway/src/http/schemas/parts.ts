/** A JSON Schema (2020-12, as OpenAPI 3.1 has it) as data. */
export type Schema = Readonly<Record<string, unknown>>;

type Properties = Readonly<Record<string, Schema>>;

export const text = (more: Schema = {}): Schema => ({ type: 'string', ...more });
export const count: Schema = { type: 'integer', minimum: 0 };
export const yes: Schema = { type: 'boolean' };
export const oneOf = (...values: readonly string[]): Schema => ({ type: 'string', enum: values });
export const list = (items: Schema): Schema => ({ type: 'array', items });
export const nullable = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
export const map = (additionalProperties: Schema): Schema => ({ type: 'object', additionalProperties });
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** Every property is there but the `optional` ones. */
export const object = (properties: Properties, ...optional: readonly string[]): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});

/** One page; `next` continues it and is null at the end. */
export const page = (items: Schema, next: Schema = text()): Schema =>
  object({ items: list(items), next: nullable(next) });

/** ms since the epoch; 0 = not yet. */
export const instant: Schema = { type: 'integer', minimum: 0, description: 'ms since the epoch' };
export const rolloutId: Schema = text({ pattern: '^r(0\\d|1[0-5])-[0-9A-HJKMNP-TV-Z]{26}$' });
export const sha256: Schema = text({ pattern: '^[0-9a-f]{64}$' });

/** Schemas of stored messages are of draft 7: a tuple is `items` there and `prefixItems` here. */
export function modern(schema: unknown): Schema {
  return rewritten(schema) as Schema;
}

function rewritten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rewritten);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key === 'items' && Array.isArray(inner) ? 'prefixItems' : key,
      rewritten(inner),
    ]),
  );
}
