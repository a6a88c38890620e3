import type { NatsConnection } from '@nats-io/nats-core';

import { type OutputQuery, type OutputReply, parseOutputReply, type StepName, SUBJECTS } from '@sluice/contracts';
import { isNoResponders, isTimeout } from '@sluice/messaging';

import { noRollout } from '../http/lookup.js';
import { ProblemError, refuse } from '../problems/problem.js';
import type { RolloutIndex } from '../read-model/rollout-index.js';
import { targetNamed } from './links.js';

const ANSWER_MS = 4_000;
/** A step that is not of the target's last attempt is looked for in so many before it. */
const LOOKED_BACK = 4;

export interface StepOutput {
  readonly rollout: string;
  readonly host: string;
  readonly step: StepName;
  /** The target's attempt that it is of. */
  readonly n: number;
  /** The last 64 KiB. */
  readonly text: string;
  /** There was more. */
  readonly truncated: boolean;
}

export interface Wanted {
  readonly rollout: string;
  /** A host, or `#` and its place in the plan. */
  readonly target: string;
  readonly step: StepName;
  /** The target's last attempt that has this step, when absent. */
  readonly n?: number | undefined;
}

/** What steps wrote, asked of the host that keeps it: nobody has to log in there (MOM-06). */
export class Outputs {
  constructor(
    private readonly nats: Pick<NatsConnection, 'request'>,
    private readonly rollouts: Pick<RolloutIndex, 'stateOf'>,
    private readonly answerMs = ANSWER_MS,
  ) {}

  /** Codes: NOT_FOUND, NO_OUTPUT, AGENT_UNREACHABLE (503), NO_ANSWER (504). */
  async of({ rollout, target, step, n }: Wanted): Promise<StepOutput> {
    const { host, attempts } = await this.targetOf(rollout, target);
    const last = n ?? Math.max(1, attempts);
    const first = n ?? Math.max(1, last - LOOKED_BACK);
    for (let attempt = last; attempt >= first; attempt -= 1) {
      const reply = await this.ask(host, { v: 1, rollout, step, n: attempt });
      if (reply.ok) return { rollout, host, step, n: attempt, text: reply.text, truncated: reply.truncated };
    }
    const tried = first === last ? `attempt ${last}` : `attempts ${first} to ${last}`;
    const detail = `${host} has no output of ${step} of ${tried}: it has not run, wrote nothing, or was long ago`;
    throw refuse('NO_OUTPUT', detail, { status: 404 });
  }

  private async targetOf(rollout: string, name: string): Promise<{ readonly host: string; readonly attempts: number }> {
    const state = (await this.rollouts.stateOf(rollout))?.state;
    if (state === undefined) throw noRollout(rollout);
    const place = targetNamed(state.targets, name);
    const target = place === undefined ? undefined : state.targets[place];
    if (place === undefined || target === undefined) throw noTarget(rollout, name);
    return { host: target.host, attempts: state.attempts[place] ?? 1 };
  }

  private async ask(host: string, query: OutputQuery): Promise<OutputReply> {
    try {
      const message = await this.nats.request(SUBJECTS.agentOutput(host), JSON.stringify(query), {
        timeout: this.answerMs,
      });
      return parseOutputReply(message.data);
    } catch (error) {
      throw failure(host, error);
    }
  }
}

const noTarget = (rollout: string, target: string): ProblemError => {
  const detail = `${rollout} has no target ${target.slice(0, 60)}: GET /v1/rollouts/${rollout}/targets lists them`;
  return refuse('NOT_FOUND', detail);
};

function failure(host: string, error: unknown): ProblemError {
  if (isNoResponders(error)) {
    const detail = `the agent of ${host} does not run, or is too old to tell: start it, then ask again`;
    return refuse('AGENT_UNREACHABLE', detail, { status: 503 });
  }
  const detail = isTimeout(error)
    ? `the agent of ${host} did not answer in time: ask again`
    : `the agent of ${host} gave no answer that can be read: ask again, and look into its log`;
  return new ProblemError(refuse('NO_ANSWER', detail, { status: 504 }).problem, { cause: error });
}
