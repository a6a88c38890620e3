import { REQUEST_LIMITS, REQUEST_PATTERNS } from './request-limits.js';

type Limit = keyof typeof REQUEST_LIMITS;

export const text = (pattern: keyof typeof REQUEST_PATTERNS, description: string, more: object = {}) => ({
  type: 'string',
  pattern: REQUEST_PATTERNS[pattern],
  description,
  ...more,
});
export const int = (limit: Limit, description: string, more: object = {}) => ({
  type: 'integer',
  minimum: REQUEST_LIMITS[limit][0],
  maximum: REQUEST_LIMITS[limit][1],
  description,
  ...more,
});
export const choice = (values: readonly string[], description: string, more: object = {}) => ({
  type: 'string',
  enum: values,
  description,
  ...more,
});
export const closed = (
  description: string,
  properties: Readonly<Record<string, object>>,
  required: readonly string[] = [],
) => ({
  type: 'object',
  description,
  properties,
  required,
  additionalProperties: false,
});

export const duration = (description: string, more: object = {}) => text('duration', description, more);

const url = text('url', 'http://, https:// or file://, without a user or password.');

/** Where bytes are, and what they must be. */
export const places = {
  url,
  sha256: text('sha256', 'SHA-256 of the file, in lower-case hex. Agents refuse any other file.'),
  sources: {
    type: 'array',
    description:
      "Other places with the same bytes, tried before url: those of the host's own site, then those without a site.",
    items: closed('One place.', { site: text('name', 'Only for hosts of this site.'), url }, ['url']),
    maxItems: REQUEST_LIMITS.sources[1],
  },
};
