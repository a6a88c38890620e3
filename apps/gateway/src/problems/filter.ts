import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';

import type { Logger } from '@sluice/observability';

import type { Reply } from '../http/exchange.js';
import { type Problem, problemOf, problemOfError } from './problem.js';

/** Seconds after which a 503 or 504 is worth another try. */
const RETRY_AFTER_S = 2;
/** Of a body that is too large, so much is read and thrown away. */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;

/** Every error leaves as problem+json; what we do not know is logged and told without its inside. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<Reply>();
    if (reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    sendProblem(reply, problemOfError(error) ?? this.httpProblem(error));
  }

  private httpProblem(error: unknown): Problem {
    if (error instanceof HttpException && error.getStatus() < 500) {
      const status = error.getStatus();
      return problemOf(CODE_OF_STATUS[status] ?? 'BAD_REQUEST', error.message, { status });
    }
    this.logger.error({ err: error }, 'a request failed by a fault of the gateway');
    return problemOf('INTERNAL', 'this is a fault of Sluice: the gateway logged it; try again or report it');
  }
}

const CODE_OF_STATUS: Readonly<Record<number, string>> = {
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  413: 'MESSAGE_TOO_LARGE',
  415: 'UNKNOWN_MEDIA_TYPE',
};

export function sendProblem(reply: Reply, problem: Problem): void {
  if (problem.status === 503 || problem.status === 504) reply.header('retry-after', String(RETRY_AFTER_S));
  if (problem.status === 429)
    reply.header('retry-after', String(Number(problem.details?.['retryAfter'] ?? RETRY_AFTER_S)));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="sluice"');
  // Fastify would hang up on a sender in the middle of its body, who then sees a broken pipe and never this answer.
  if (problem.status === 413 && announcedLength(reply) <= MAX_DISCARDED_BYTES) reply.header('connection', 'keep-alive');
  reply.code(problem.status).header('content-type', 'application/problem+json; charset=utf-8');
  reply.send(JSON.stringify(problem));
}

const announcedLength = (reply: Reply): number =>
  Number(reply.raw.req.headers['content-length'] ?? Number.POSITIVE_INFINITY);
