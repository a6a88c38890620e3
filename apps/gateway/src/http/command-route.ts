import { applyDecorators, HttpCode, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';

import { ApiAnswer, ApiCommandHeaders, ApiProblems } from './documentation.js';

/** `POST <path>`: one command. The operation is named by its last part and the aggregate, e.g. `pauseRollout`. */
export function Command(
  path: string,
  aggregate: 'Rollout' | 'Group' | 'Dependency' | 'Freeze' | 'Hold' | 'Variable',
  summary: string,
): MethodDecorator {
  const verb = path.slice(path.lastIndexOf('/') + 1);
  return applyDecorators(
    Post(path),
    HttpCode(200),
    ApiOperation({ operationId: `${verb}${aggregate}`, summary }),
    ApiCommandHeaders(),
    ApiAnswer('Done', 'Done: the state now, its rev, and what it offers.'),
    ApiProblems(400, 403, 404, 409, 412, 413, 415, 422, 503, 504),
  );
}
