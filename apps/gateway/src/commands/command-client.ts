import type { NatsConnection } from '@nats-io/nats-core';

import { type CommandAggregate, type CommandResult, MAX_MESSAGE_BYTES, SUBJECTS } from '@sluice/contracts';
import { isNoResponders, isTimeout } from '@sluice/messaging';

import { problemOfRefusal } from '../problems/command-problem.js';
import { ProblemError, refuse } from '../problems/problem.js';

export type Accepted = Extract<CommandResult, { readonly ok: true }>;

const encoder = new TextEncoder();

/** Says commands to the services that own the aggregates; their refusals become problems. */
export class CommandClient {
  constructor(
    private readonly nats: Pick<NatsConnection, 'request'>,
    private readonly timeoutMs: number,
  ) {}

  /**
   * The answer as JSON. Codes: NO_RESPONDER (nobody serves it now: nothing happened), NO_ANSWER (not known whether it
   * happened: send the same again with the same key), MESSAGE_TOO_LARGE, NATS_UNAVAILABLE.
   */
  async ask(aggregate: CommandAggregate, message: unknown): Promise<unknown> {
    const bytes = encoder.encode(JSON.stringify(message));
    if (bytes.length > MAX_MESSAGE_BYTES - 1_024) {
      throw refuse('MESSAGE_TOO_LARGE', `the document has ${bytes.length} bytes as JSON; at most 1 MiB is taken`);
    }
    try {
      const reply = await this.nats.request(SUBJECTS.command(aggregate), bytes, { timeout: this.timeoutMs });
      return reply.json();
    } catch (error) {
      throw failure(aggregate, error);
    }
  }

  /** Sends a command and returns what was done. `actions` are what a 409 lists when the answer names none. */
  async send(
    aggregate: CommandAggregate,
    message: unknown,
    actions?: () => readonly string[] | undefined,
  ): Promise<Accepted> {
    const answer = (await this.ask(aggregate, message)) as CommandResult;
    if (answer.ok) return answer;
    throw new ProblemError(problemOfRefusal(answer, actions?.()));
  }
}

function failure(aggregate: CommandAggregate, error: unknown): ProblemError {
  if (isNoResponders(error)) {
    return refuse(
      'NO_RESPONDER',
      `no service takes ${aggregate} commands now: nothing was done; start it, then try again`,
    );
  }
  if (isTimeout(error)) {
    return refuse(
      'NO_ANSWER',
      'no answer came in time: it is not known whether it was done; send it again with the same Idempotency-Key',
    );
  }
  const detail =
    'the command could not be sent: check that NATS runs, then send it again with the same Idempotency-Key';
  return new ProblemError(refuse('NATS_UNAVAILABLE', detail, { status: 503 }).problem, { cause: error });
}
