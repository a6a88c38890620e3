import type { Msg } from '@nats-io/nats-core';
import type { CommandResult } from '@sluice/contracts';
import type { ConsumerDeserializer, IncomingRequest, OutgoingResponse, Serializer } from '@nestjs/microservices';

import { parseJson } from '../request-json.js';

/** Stands for a payload that is no JSON, until the pipe that checks commands refuses it. */
export class UnreadablePayload {
  readonly reason = 'it must be JSON in UTF-8';
}

/** A refusal as every caller of a command gets it. */
export type CommandRefusal = Extract<CommandResult, { readonly ok: false }>;

// Nest takes a message without an id for an event and would answer nothing.
const NO_REPLY = 'no-reply';

/** Takes the whole message as the payload: a caller with a plain NATS client sends plain JSON. */
export class PlainJsonDeserializer implements ConsumerDeserializer {
  deserialize(message: Msg, options?: { readonly channel?: string }): IncomingRequest {
    return {
      pattern: options?.channel ?? message.subject,
      data: readPayload(message.data),
      id: message.reply ?? NO_REPLY,
    };
  }
}

function readPayload(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes);
  } catch {
    return new UnreadablePayload();
  }
}

/** Answers with what the handler returned, or with a refusal, as plain JSON. */
export class PlainJsonSerializer implements Serializer<OutgoingResponse, { readonly data: string }> {
  serialize({ err, response }: OutgoingResponse): { readonly data: string } {
    const value: unknown = err === undefined || err === null ? response : refusalOf(err);
    return { data: JSON.stringify(value ?? null) };
  }
}

function refusalOf(error: unknown): CommandRefusal {
  if (isRefusal(error)) return error;
  const message = 'the command failed here: look into the log of this service';
  return { ok: false, code: 'INTERNAL', message };
}

function isRefusal(error: unknown): error is CommandRefusal {
  return typeof error === 'object' && error !== null && 'ok' in error && error.ok === false && 'code' in error;
}
