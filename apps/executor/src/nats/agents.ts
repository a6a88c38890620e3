import type { NatsConnection } from '@nats-io/nats-core';
import {
  type AttemptStatus,
  encodeRunCommand,
  parseAttemptStatus,
  parseRunReply,
  type RunCommand,
  type RunReply,
  type StatusQuery,
  SUBJECTS,
} from '@sluice/contracts';
import { Requester } from '@sluice/messaging';

import type { AgentPort, Answered } from '../ports.js';

/** An agent answers at once: it only writes the run into its journal. */
const ANSWER_WITHIN_MS = 4_000;

const ACCEPTED: RunReply = { ok: true, state: 'accepted' };
const ACCEPTED_BYTES = Buffer.from(JSON.stringify(ACCEPTED));

/** All answers but a few are this one, so its bytes are known by sight. */
const readRunReply = (bytes: Uint8Array): RunReply => (ACCEPTED_BYTES.equals(bytes) ? ACCEPTED : parseRunReply(bytes));

/** The hosts over NATS: no responder means that no agent listens, and is known at once. */
export class NatsAgents implements AgentPort {
  private readonly requester: Requester;

  constructor(nats: NatsConnection) {
    this.requester = new Requester(nats, ANSWER_WITHIN_MS);
  }

  run(command: RunCommand): Promise<Answered<RunReply>> {
    return this.requester.request(SUBJECTS.agentRun(command.host), encodeRunCommand(command), readRunReply);
  }

  status(host: string, query: StatusQuery): Promise<Answered<AttemptStatus>> {
    return this.requester.request(SUBJECTS.agentStatus(host), JSON.stringify(query), parseAttemptStatus);
  }
}
