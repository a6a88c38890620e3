import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';

import type { Fault, PlanPreview, PreviewReply, RequestOutcome } from '@sluice/contracts';

import type { CommandClient } from '../commands/command-client.js';
import { problemOfRefusal, type Refused } from '../problems/command-problem.js';
import { ProblemError, refuse } from '../problems/problem.js';
import { documentOf, withRequester } from '../requests/document.js';
import type { RequestPublisher } from '../requests/request-publisher.js';
import { COMMANDS, REQUESTS } from '../tokens.js';
import { ApiActor, ApiProblems, DEPLOY_REQUEST_REF } from './documentation.js';
import type { Exchange, Reply } from './exchange.js';
import { namedActor } from './headers.js';

const YAML = ['application/json', 'application/yaml'];

type Told = Pick<RequestOutcome, 'requestId'> & Partial<RequestOutcome>;

@ApiTags('requests')
@Controller('v1')
export class RequestsController {
  constructor(
    @Inject(REQUESTS) private readonly requests: RequestPublisher,
    @Inject(COMMANDS) private readonly commands: CommandClient,
  ) {}

  @Post('requests')
  @ApiOperation({
    operationId: 'createRequest',
    summary: 'Request a deployment',
    description:
      'The request is in the queue, and will not be lost, before anything is answered. The same document twice is one rollout.',
  })
  @ApiConsumes(...YAML)
  @ApiBody({ schema: DEPLOY_REQUEST_REF })
  @ApiActor()
  @ApiCreatedResponse({ description: 'Planned: the rollout exists.' })
  @ApiOkResponse({ description: 'This document is a rollout already; nothing new was made.' })
  @ApiAcceptedResponse({
    description: 'Taken; what became of it is not known yet. Look for it under its requestId, or send it again.',
  })
  @ApiProblems(400, 413, 415, 422, 503)
  async create(
    @Body() body: unknown,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Told> {
    const document = withRequester(documentOf(body), namedActor(request));
    const { requestId, outcome } = await this.requests.publish(document);
    if (outcome === undefined) {
      reply.code(202);
      return { requestId };
    }
    if (outcome.outcome === 'refused') throw refused(outcome.faults ?? [], outcome.requestId);
    if (outcome.rolloutId !== undefined) reply.header('location', `/v1/rollouts/${outcome.rolloutId}`);
    reply.code(outcome.outcome === 'planned' ? 201 : 200);
    return outcome;
  }

  @Post('previews')
  @HttpCode(200)
  @ApiOperation({ operationId: 'createPreview', summary: 'The plan that a request would make now; nothing is started' })
  @ApiConsumes(...YAML)
  @ApiBody({ schema: DEPLOY_REQUEST_REF })
  @ApiActor()
  @ApiOkResponse({ description: 'The plan, its hash, and the hosts of each batch.' })
  @ApiProblems(400, 413, 415, 422, 503, 504)
  async preview(@Body() body: unknown, @Req() request: Exchange): Promise<PlanPreview> {
    const document = withRequester(documentOf(body), namedActor(request));
    const answer = (await this.commands.ask('plan', document)) as PreviewAnswer;
    if (answer.ok) return answer.preview;
    if ('code' in answer) throw new ProblemError(problemOfRefusal(answer));
    throw refused(answer.faults);
  }
}

/** What the planner answers to a plan command; what stands before it may refuse it too. */
type PreviewAnswer = PreviewReply | Refused;

function refused(faults: readonly Fault[], requestId?: string): ProblemError {
  const first = faults[0];
  const detail =
    first === undefined ? 'the request was refused' : `${faults.length} fault(s): ${first.path} ${first.message}`;
  const details = requestId === undefined ? {} : { details: { requestId } };
  return refuse('REQUEST_REFUSED', detail, { status: 422, faults, ...details });
}
