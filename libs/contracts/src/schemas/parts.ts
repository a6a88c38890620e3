import { MAX_DURATION_MS } from '@sluice/kernel';

import { MAX_NAME_BYTES } from '../tokens.js';
import { TRACEPARENT_PATTERN } from '../trace.js';

/** A JSON Schema (draft 7 and the keyword `discriminator`) as data. */
export type Schema = Readonly<Record<string, unknown>>;

type Properties = Readonly<Record<string, Schema>>;

export const text = (maxLength: number, minLength = 0): Schema => ({ type: 'string', minLength, maxLength });
export const pattern = (source: string, maxLength: number): Schema => ({ type: 'string', pattern: source, maxLength });
export const int = (minimum: number, maximum: number): Schema => ({ type: 'integer', minimum, maximum });
export const oneOfTexts = (...values: readonly string[]): Schema => ({ type: 'string', enum: values });
export const list = (items: Schema, maxItems: number, minItems = 0): Schema => ({
  type: 'array',
  items,
  minItems,
  maxItems,
});
export const nullable = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
export const map = (values: Schema, maxProperties: number): Schema => ({
  type: 'object',
  maxProperties,
  propertyNames: { maxLength: 200 },
  additionalProperties: values,
});

const object = (properties: Properties, optional: readonly string[], additionalProperties: boolean): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties,
});

/** An object that refuses what it does not know: commands, and what we write ourselves. */
export const closed = (properties: Properties, ...optional: readonly string[]): Schema =>
  object(properties, optional, false);
/** An object that ignores what it does not know: what an agent of a newer version may send. */
export const open = (properties: Properties, ...optional: readonly string[]): Schema =>
  object(properties, optional, true);

/** A union told apart by the text in `tag`. */
export const union = (tag: string, ...variants: readonly Schema[]): Schema => ({
  type: 'object',
  required: [tag],
  discriminator: { propertyName: tag },
  oneOf: variants,
});

export const yes: Schema = { type: 'boolean' };
export const is = (value: string | number | boolean): Schema => ({ const: value });
/** The tag of one variant of a union. */
export const tag = (value: string): Schema => ({ type: 'string', const: value });

export const MAX_COUNT = 10_000_000;
export const count = int(0, MAX_COUNT);
export const durationMs = int(0, MAX_DURATION_MS);
/** ms since the epoch, up to the year 5138. */
export const instant = int(0, 99_999_999_999_999);
export const name = text(MAX_NAME_BYTES, 1);
export const rolloutId = pattern('^r(0\\d|1[0-5])-[0-9A-HJKMNP-TV-Z]{26}$', 30);
export const sha256Hex = pattern('^[0-9a-f]{64}$', 64);
export const traceparent = pattern(TRACEPARENT_PATTERN, 55);
export const commandId = text(128, 1);
/** What a person wrote as the reason of a command. */
export const reason = text(2_000);
export const words = text(4_000);
export const code = pattern('^[A-Z][A-Z0-9_]{0,63}$', 64);
export const actor = closed({ id: name, kind: oneOfTexts('user', 'service', 'agent', 'policy') });
export const step = oneOfTexts('probe', 'drain', 'download', 'install', 'verify', 'enable');
export const runKind = oneOfTexts('roll', 'enable', 'probe');
export const gateName = text(MAX_NAME_BYTES, 1);
export const mode = oneOfTexts('automatic', 'manual');
export const strategy = oneOfTexts('canary', 'rolling', 'scaleOut', 'rollback', 'traffic', 'blueGreen', 'ramp');
export const approvalName = oneOfTexts('canary', 'batches');
/** What of a source's url is told; the sources of a request are bounded by REQUEST_LIMITS. */
export const MAX_SOURCES = 8;
export const shownUrl = text(500, 1);
export const fellBack = list(closed({ url: shownUrl, code }), MAX_SOURCES + 1);
export const severity = oneOfTexts('info', 'warning', 'critical');
