import { Body, Controller, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';

import type { PlanPreview, PreviewReply } from '@sluice/contracts';

import type { CommandClient } from '../commands/command-client.js';
import { problemOfRefusal, type Refused } from '../problems/command-problem.js';
import { ProblemError } from '../problems/problem.js';
import type { Requests, Told } from '../requests/requests.js';
import { refused } from '../requests/refused.js';
import { COMMANDS, REQUESTS } from '../tokens.js';
import { RedeployInput } from './command-inputs.js';
import { ApiActor, ApiAnswer, ApiKey, ApiProblems, DEPLOY_REQUEST_REF } from './documentation.js';
import type { Exchange, Reply } from './exchange.js';

const YAML = ['application/json', 'application/yaml'];

@ApiTags('requests')
@Controller('v1')
export class RequestsController {
  constructor(
    @Inject(REQUESTS) private readonly requests: Requests,
    @Inject(COMMANDS) private readonly commands: CommandClient,
  ) {}

  @Post('requests')
  @ApiOperation({
    operationId: 'createRequest',
    summary: 'Request a deployment',
    description:
      'The request is in the queue, and will not be lost, before anything is answered. The same document twice is one rollout, and so is the same Idempotency-Key. Who calls is who requests.',
  })
  @ApiConsumes(...YAML)
  @ApiBody({ schema: DEPLOY_REQUEST_REF })
  @ApiActor()
  @ApiKey()
  @ApiAnswer('Outcome', 'This document is a rollout already; nothing new was made.')
  @ApiAnswer('Outcome', 'Planned: the rollout exists.', 201)
  @ApiAnswer(
    'Outcome',
    'Taken; what became of it is not known yet. Look for it under its requestId, or send it again.',
    202,
  )
  @ApiProblems(400, 413, 415, 422, 503)
  async create(
    @Body() body: unknown,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Told> {
    return answered(await this.requests.create(body, request), reply);
  }

  @Post('groups/:name/redeploy')
  @ApiTags('groups')
  @ApiOperation({
    operationId: 'redeployGroup',
    summary: 'Roll a version out again as it succeeded here: the same bytes, profile and verify',
    description: 'One of the candidates. It is a request like any other: planned, with a canary, with approvals.',
  })
  @ApiParam({ name: 'name' })
  @ApiActor()
  @ApiKey()
  @ApiAnswer('Outcome', 'That Idempotency-Key is a rollout already; nothing new was made.')
  @ApiAnswer('Outcome', 'Planned: the rollout exists.', 201)
  @ApiAnswer('Outcome', 'Taken; what became of it is not known yet.', 202)
  @ApiProblems(400, 404, 409, 413, 415, 422, 503)
  async redeploy(
    @Param('name') name: string,
    @Body() body: RedeployInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Told> {
    return answered(await this.requests.redeploy(name, body, request), reply);
  }

  @Post('previews')
  @HttpCode(200)
  @ApiOperation({ operationId: 'createPreview', summary: 'The plan that a request would make now; nothing is started' })
  @ApiConsumes(...YAML)
  @ApiBody({ schema: DEPLOY_REQUEST_REF })
  @ApiActor()
  @ApiAnswer('Preview', 'The plan, its hash, and the hosts of each batch.')
  @ApiProblems(400, 413, 415, 422, 503, 504)
  async preview(@Body() body: unknown, @Req() request: Exchange): Promise<PlanPreview> {
    const document = this.requests.documentOf(body, request, 'createPreview');
    const answer = (await this.commands.ask('plan', document)) as PreviewAnswer;
    if (answer.ok) return answer.preview;
    if ('code' in answer) throw new ProblemError(problemOfRefusal(answer));
    throw refused(answer.faults);
  }
}

/** What the planner answers to a plan command; what stands before it may refuse it too. */
type PreviewAnswer = PreviewReply | Refused;

function answered(told: Told, reply: Reply): Told {
  if (told.outcome === undefined) reply.code(202);
  else reply.code(told.outcome === 'planned' ? 201 : 200);
  if (told.rolloutId !== undefined) reply.header('location', `/v1/rollouts/${told.rolloutId}`);
  return told;
}
