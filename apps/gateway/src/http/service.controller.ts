import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { DEPLOY_REQUEST_SCHEMA } from '@sluice/contracts';

import { refuse } from '../problems/problem.js';
import { READINESS } from '../tokens.js';
import { ApiAnswer, ApiProblems } from './documentation.js';

export interface Readiness {
  readonly ready: boolean;
  /** Log position that the read models have reached. */
  readonly position: number;
  readonly reason?: string;
}

@ApiTags('service')
@Controller()
export class ServiceController {
  constructor(@Inject(READINESS) private readonly readiness: () => Readiness) {}

  @Get('v1/schemas/deploy-request')
  @Header('content-type', 'application/schema+json; charset=utf-8')
  @ApiOperation({ operationId: 'getDeployRequestSchema', summary: 'The JSON Schema of a deploy request' })
  @ApiOkResponse({ description: 'JSON Schema, draft 2020-12.', schema: { type: 'object' } })
  schema(): string {
    return JSON.stringify(DEPLOY_REQUEST_SCHEMA);
  }

  @Get('health/live')
  @ApiOperation({ operationId: 'getLiveness', summary: 'The process answers' })
  @ApiAnswer('Live', 'It does.')
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('health/ready')
  @ApiOperation({ operationId: 'getReadiness', summary: 'NATS is connected and the read models are live' })
  @ApiAnswer('Ready', 'Ready.')
  @ApiProblems(503)
  ready(): Readiness {
    const readiness = this.readiness();
    if (!readiness.ready)
      throw refuse('NOT_READY', readiness.reason ?? 'not ready yet', { details: { position: readiness.position } });
    return readiness;
  }
}
