import { SluiceError } from '@sluice/kernel';

import type { JsonAnswer, SourceClient } from '../http/source-client.js';
import type { WebhookQuestion, WebhookVerdict } from '../port.js';

const MAX_SENT = 256 * 1024;
const MAX_BYTES = 64 * 1024;
const MAX_VALUES = 50;
const VALUE_NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,99}$/;
const VERDICTS = ['pass', 'fail', 'inconclusive'] as const;

/** Asks a judge outside: POST with a document, answered with `{ verdict, words?, values? }`. */
export async function askWebhook(
  client: SourceClient,
  { body }: Omit<WebhookQuestion, 'source'>,
): Promise<WebhookVerdict> {
  const text = JSON.stringify(body);
  if (Buffer.byteLength(text) > MAX_SENT) {
    throw new SluiceError('QUERY_INVALID', `${client.who} would be told more than ${MAX_SENT} bytes: tell it less`);
  }
  const answer = await client.post('', { type: 'application/json', body: text }, MAX_BYTES);
  const fault = client.fault(answer.status);
  if (fault !== undefined) throw fault;
  return verdictOf(answer, client.who);
}

function verdictOf({ document, words: clean }: JsonAnswer, who: string): WebhookVerdict {
  const {
    verdict: said,
    words,
    values,
  } = { ...(typeof document === 'object' ? document : {}) } as Record<string, unknown>;
  const verdict = VERDICTS.find((each) => each === said);
  if (verdict === undefined) throw invalid(who, `a verdict that is none of ${VERDICTS.join(', ')}`);
  if (words !== undefined && typeof words !== 'string') throw invalid(who, 'words that are no text');
  const told = { verdict, words: clean(words ?? '') || `${who} gives no reason` };
  return values === undefined ? told : { ...told, values: valuesOf(values, who, clean) };
}

function valuesOf(values: unknown, who: string, clean: JsonAnswer['words']): Readonly<Record<string, number>> {
  const entries = typeof values === 'object' && values !== null ? Object.entries(values) : undefined;
  const isSound =
    entries !== undefined &&
    entries.length <= MAX_VALUES &&
    entries.every(([name, value]) => VALUE_NAME.test(name) && clean(name) === name && Number.isFinite(value));
  if (!isSound) throw invalid(who, `values that are not up to ${MAX_VALUES} names with a number each`);
  return Object.fromEntries(entries);
}

const invalid = (who: string, what: string): SluiceError =>
  new SluiceError('ANSWER_INVALID', `${who} answers with ${what}: see docs/gates.md for the form`);
