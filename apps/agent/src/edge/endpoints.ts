import type { Msg, NatsConnection, Subscription } from '@nats-io/nats-core';
import { parseReportAnswer, type ReportAnswer, type RunReport, shardOfId, SUBJECTS } from '@sluice/contracts';
import { messageOf, SluiceError } from '@sluice/kernel';
import type { Logger } from '@sluice/observability';

const ANSWER_MS = 5_000;

/** Answers each request on a subject with the JSON of what the handler returns. */
export function answer(
  nats: NatsConnection,
  logger: Logger,
  endpoint: { readonly subject: string; readonly handle: (data: Uint8Array) => unknown },
): Subscription {
  const subscription = nats.subscribe(endpoint.subject);
  void (async () => {
    for await (const message of subscription) await answerOne(message, logger, endpoint.handle);
  })();
  return subscription;
}

/** Without a place to answer to nothing is done: whoever sent it could not know what became of it. */
async function answerOne(message: Msg, logger: Logger, handle: (data: Uint8Array) => unknown): Promise<void> {
  if (message.reply === undefined || message.reply === '') return;
  try {
    message.respond(JSON.stringify(await handle(message.data)));
  } catch (error) {
    logger.error({ subject: message.subject, reason: messageOf(error) }, 'a request could not be answered');
  }
}

/** One request with a report to the owner of its rollout; rejects when no good answer came within 5 s. */
export async function sendReport(nats: NatsConnection, report: RunReport): Promise<ReportAnswer> {
  const shard = shardOfId(report.rollout);
  if (shard === undefined) throw new SluiceError('BAD_ROLLOUT_ID', `the rollout ${report.rollout} names no shard`);
  const reply = await nats.request(SUBJECTS.report(shard, report.host), JSON.stringify(report), { timeout: ANSWER_MS });
  return parseReportAnswer(reply.data);
}
