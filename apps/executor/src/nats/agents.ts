import type { NatsConnection } from '@nats-io/nats-core';
import {
  type AttemptStatus,
  parseAttemptStatus,
  parseRunReply,
  type RunCommand,
  type RunReply,
  type StatusQuery,
  SUBJECTS,
} from '@sluice/contracts';
import { requestJson } from '@sluice/messaging';

import type { AgentPort, Answered } from '../ports.js';

/** An agent answers at once: it only writes the run into its journal. */
const ANSWER_WITHIN_MS = 4_000;

/** The hosts over NATS: no responder means that no agent listens, and is known at once. */
export class NatsAgents implements AgentPort {
  constructor(private readonly nats: NatsConnection) {}

  run(command: RunCommand): Promise<Answered<RunReply>> {
    return requestJson(this.nats, SUBJECTS.agentRun(command.host), command, {
      timeoutMs: ANSWER_WITHIN_MS,
      parse: parseRunReply,
    });
  }

  status(host: string, query: StatusQuery): Promise<Answered<AttemptStatus>> {
    return requestJson(this.nats, SUBJECTS.agentStatus(host), query, {
      timeoutMs: ANSWER_WITHIN_MS,
      parse: parseAttemptStatus,
    });
  }
}
