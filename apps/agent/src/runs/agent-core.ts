import {
  type AttemptStatus,
  type OutputReply,
  parseOutputQuery,
  parseRunCommand,
  parseStatusQuery,
  type RunCommand,
  type RunReply,
} from '@sluice/contracts';
import { isSluiceError, messageOf, SluiceError } from '@sluice/kernel';

import type { AppConfig } from '../app/app-host.js';
import { admit, type Refusal, reportOf, statusOf } from './admission.js';
import { factsOf } from './facts.js';
import type { Outbox } from './outbox.js';
import type { Runner, RunnerDeps } from './runner.js';

export interface AgentCoreDeps extends Pick<RunnerDeps, 'clock' | 'logger' | 'journal' | 'apps'> {
  readonly host: string;
  readonly outbox: Outbox;
  readonly runner: Runner;
}

/** What an agent answers, whoever carries the messages. */
export class AgentCore {
  private readonly configs: ReadonlyMap<string, AppConfig>;
  private intake: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: AgentCoreDeps) {
    this.configs = new Map([...deps.apps].map(([name, { config }]) => [name, config]));
  }

  /** Takes up what a crash or a stop left: runs without an end, and final reports that nobody has confirmed. */
  resume(): void {
    for (const attempt of this.deps.journal.state.attempts.values()) {
      if (!attempt.ended) this.deps.runner.begin(attempt.run);
      else if (!attempt.settled) this.deps.outbox.final(reportOf(attempt));
    }
  }

  /** The answer to a run command as it came over the wire; anything else but a good one changes nothing. */
  run(input: Uint8Array): Promise<RunReply> {
    const reply = this.intake.then(() => this.take(input));
    this.intake = reply.catch(() => undefined);
    return reply;
  }

  status(input: Uint8Array): AttemptStatus | Refusal {
    try {
      return statusOf(this.deps.journal.state.attempts.get(parseStatusQuery(input).attempt));
    } catch (error) {
      return refusalOf(error);
    }
  }

  /** What a step of an attempt wrote, for whoever looks into it without a way into this host (MOM-06, TRS-15). */
  async output(input: Uint8Array): Promise<OutputReply> {
    try {
      const query = parseOutputQuery(input);
      for (const app of this.deps.apps.values()) {
        const found = await app.outputs.read(query);
        if (found !== undefined) return { ok: true, text: textOf(found.bytes), truncated: found.truncated };
      }
      const message = `nothing is kept of ${query.step} in attempt ${query.n}: it has not ended, or it is too long ago`;
      return { ok: false, code: 'NO_OUTPUT', message };
    } catch (error) {
      return { ok: false, code: 'BAD_QUERY', message: messageOf(error) };
    }
  }

  private async take(input: Uint8Array): Promise<RunReply> {
    try {
      const run = parseRunCommand(input);
      const { host, journal, runner } = this.deps;
      const admission = admit({ host, apps: this.configs, journal: journal.state, busyWith: runner.busyWith }, run);
      return admission.kind === 'answer' ? admission.reply : await this.accept(run);
    } catch (error) {
      return refusalOf(error);
    }
  }

  /** Accepted means: in the journal. Only then does anything happen. */
  private async accept(run: RunCommand): Promise<RunReply> {
    const { runner, journal, clock, logger } = this.deps;
    runner.reserve(run);
    try {
      await journal.append({ t: 'accepted', at: clock.now(), run });
    } catch (error) {
      runner.release(run);
      logger.error(
        { ...factsOf(run), reason: messageOf(error) },
        'a run was refused for the journal cannot be written',
      );
      throw new SluiceError('BUSY', messageOf(error), {}, { cause: error });
    }
    runner.begin(run);
    return { ok: true, state: 'accepted' };
  }
}

function refusalOf(error: unknown): Refusal {
  if (isSluiceError(error, 'BUSY')) return { ok: false, code: 'BUSY', message: error.message };
  return { ok: false, code: 'BAD_RUN', message: messageOf(error) };
}

/** The output may begin in the middle of a character. */
const textOf = (bytes: Buffer): string => bytes.toString('utf8').replace(/^\ufffd{1,3}/, '');
