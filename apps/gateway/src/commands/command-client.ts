import type { NatsConnection } from '@nats-io/nats-core';

import { type CommandAggregate, type CommandResult, MAX_MESSAGE_BYTES, type Shard, SUBJECTS } from '@sluice/contracts';
import { isNoResponders, isTimeout } from '@sluice/messaging';

import { problemOfRefusal } from '../problems/command-problem.js';
import { ProblemError, refuse } from '../problems/problem.js';

export type Accepted = Extract<CommandResult, { readonly ok: true }>;

const encoder = new TextEncoder();

/** Of the time that a command has, what its owner gets before it is said to all executors. */
const OWNER_SHARE = 0.3;
/** Answers of one that is not, not yet, or no more the owner: nothing was done. */
const ELSEWHERE: ReadonlySet<string> = new Set(['NOT_OWNER', 'NOT_READY', 'STOPPING']);

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
  async ask(aggregate: CommandAggregate, message: unknown, timeoutMs = this.timeoutMs): Promise<unknown> {
    const bytes = encoder.encode(JSON.stringify(message));
    if (bytes.length > MAX_MESSAGE_BYTES - 1_024) {
      throw refuse('MESSAGE_TOO_LARGE', `the document has ${bytes.length} bytes as JSON; at most 1 MiB is taken`);
    }
    try {
      const reply = await this.nats.request(SUBJECTS.command(aggregate), bytes, { timeout: timeoutMs });
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
    return accepted((await this.ask(aggregate, message)) as CommandResult, actions);
  }

  /**
   * The same for what stands in a shard: its owner is asked first. Any executor would hand it on, but of one that was
   * stopped or cut off the server learns late, and until then gives it its share of the commands. Said twice on the way
   * it has one effect, by its key.
   */
  async sendToOwner(
    shard: Shard,
    aggregate: CommandAggregate,
    message: unknown,
    actions?: () => readonly string[] | undefined,
  ): Promise<Accepted> {
    const answer = await this.askOwner(shard, { aggregate, envelope: message });
    if (answer !== undefined) return accepted(answer, actions);
    const left = this.timeoutMs * (1 - OWNER_SHARE);
    return accepted((await this.ask(aggregate, message, left)) as CommandResult, actions);
  }

  /** Undefined when there is no owner, or none that answers. */
  private async askOwner(shard: Shard, forwarded: object): Promise<CommandResult | undefined> {
    const timeout = this.timeoutMs * OWNER_SHARE;
    try {
      const reply = await this.nats.request(SUBJECTS.shardCommand(shard), JSON.stringify(forwarded), { timeout });
      const answer = reply.json<CommandResult>();
      return !answer.ok && ELSEWHERE.has(answer.code) ? undefined : answer;
    } catch {
      // Whatever it was, the way over all executors finds it out and says it.
      return undefined;
    }
  }
}

function accepted(answer: CommandResult, actions?: () => readonly string[] | undefined): Accepted {
  if (answer.ok) return answer;
  throw new ProblemError(problemOfRefusal(answer, actions?.()));
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
