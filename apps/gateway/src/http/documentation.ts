import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';

import { DECISION_SCHEMAS } from './schemas/decisions.js';
import { DEPENDENCY_SCHEMAS } from './schemas/dependencies.js';
import { FREEZE_SCHEMAS } from './schemas/freezes.js';
import { HOLD_SCHEMAS } from './schemas/holds.js';
import { RECORD_SCHEMAS } from './schemas/record.js';
import { GROUP_SCHEMAS } from './schemas/groups.js';
import { PAST_SCHEMAS } from './schemas/past.js';
import { REQUEST_SCHEMAS } from './schemas/requests.js';
import { ROLLOUT_SCHEMAS } from './schemas/rollouts.js';
import { VARIABLE_SCHEMAS } from './schemas/variables.js';
import { WEIGHT_SCHEMAS } from './schemas/weights.js';

/** What answers look like, by name in the OpenAPI document. */
export const ANSWER_SCHEMAS = {
  ...ROLLOUT_SCHEMAS,
  ...GROUP_SCHEMAS,
  ...DEPENDENCY_SCHEMAS,
  ...FREEZE_SCHEMAS,
  ...HOLD_SCHEMAS,
  ...RECORD_SCHEMAS,
  ...WEIGHT_SCHEMAS,
  ...REQUEST_SCHEMAS,
  ...VARIABLE_SCHEMAS,
  ...PAST_SCHEMAS,
  ...DECISION_SCHEMAS,
} as const;

/** A good answer of an operation. */
export const ApiAnswer = (name: keyof typeof ANSWER_SCHEMAS, description: string, status = 200): MethodDecorator =>
  ApiResponse({ status, description, schema: { $ref: `#/components/schemas/${name}` } });

/** What every GET understands beside its own. */
export const ApiCached = (): MethodDecorator =>
  applyDecorators(
    ApiHeader({ name: 'If-None-Match', required: false, description: 'An ETag: 304 without a body while it holds.' }),
    ApiResponse({ status: 304, description: 'Nothing has changed since that ETag.' }),
  );

/** Where the JSON Schema of a deploy request stands in the OpenAPI document. */
export const DEPLOY_REQUEST_REF = { $ref: '#/components/schemas/DeployRequest' };
export const INVENTORY_GROUP_REF = { $ref: '#/components/schemas/InventoryGroup' };
export const TEMPLATE_REF = { $ref: '#/components/schemas/RequestTemplate' };
export const PROBLEM_REF = { $ref: '#/components/schemas/Problem' };

export const PROBLEM_SCHEMA = {
  type: 'object' as const,
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string' as const },
    title: { type: 'string' as const },
    status: { type: 'integer' as const },
    code: { type: 'string' as const, description: 'Stable: branch on this.' },
    detail: { type: 'string' as const, description: 'What is wrong and what to do.' },
    actions: { type: 'array' as const, items: { type: 'string' as const }, description: 'What the state offers now.' },
    faults: {
      type: 'array' as const,
      items: {
        type: 'object' as const,
        properties: {
          path: { type: 'string' as const, description: 'RFC 6901' },
          code: { type: 'string' as const },
          message: { type: 'string' as const },
        },
      },
    },
    details: { type: 'object' as const },
  },
};

const MEANING: Readonly<Record<number, string>> = {
  400: 'The body or a header cannot be read.',
  401: 'No token, or one that does not count.',
  403: 'The token lacks the role that is named, or this actor may not do that.',
  404: 'There is no such thing.',
  409: 'Not possible now; `actions` lists what is.',
  410: 'Its bytes were deleted from the archive: only hashes of its commits are kept.',
  412: 'It changed since it was read (If-Match).',
  413: 'The body is larger than 1 MiB.',
  415: 'Neither JSON nor YAML.',
  422: '`faults` lists every fault with its path.',
  429: 'Too many calls; Retry-After says when.',
  503: 'A service is not there now; nothing was done.',
  504: 'No answer in time; send it again with the same Idempotency-Key.',
};

/** What every operation but those of `PUBLIC` may answer. */
const ALWAYS = [401, 403, 429, 503] as const;

/** The errors of an operation, all of one form; beside them every guarded operation has those of `ALWAYS`. */
export function ApiProblems(...statuses: readonly number[]): MethodDecorator {
  const problems = [...new Set([...statuses, ...ALWAYS])].map((status) =>
    ApiResponse({
      status,
      description: MEANING[status] ?? 'A problem.',
      content: { 'application/problem+json': { schema: PROBLEM_REF } },
    }),
  );
  return applyDecorators(...problems);
}

export const ApiActor = (): MethodDecorator & ClassDecorator =>
  ApiHeader({
    name: 'X-Sluice-Actor',
    required: false,
    description:
      'Who says so: kind:id, such as user:ana or service:scheduler. Believed in local mode and from services that administer everything.',
  });

export const ApiKey = (): MethodDecorator & ClassDecorator =>
  ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'The same key twice has one effect.',
    schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,128}$' },
  });

/** The headers of every command. */
export const ApiCommandHeaders = (): MethodDecorator & ClassDecorator =>
  applyDecorators(
    ApiActor(),
    ApiKey(),
    ApiHeader({
      name: 'If-Match',
      required: false,
      description: 'The ETag as it was read: refused with 412 when it is another now.',
    }),
  );
