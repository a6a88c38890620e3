import {
  AckPolicy,
  type ConsumerMessages,
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/nats-core';
import { messageOf, unreachable } from '@sluice/kernel';

import { InFlight } from './in-flight.js';
import { isConnectionOver, isStreamMissing, translateNatsError } from './nats-errors.js';
import { type Log, type RunningService, silentLog } from './running-service.js';

/** What becomes of a message. `drop`: never delivered again; `retry`: again, after a while. */
export type Settlement =
  | { readonly kind: 'ack' }
  | { readonly kind: 'retry'; readonly delayMs?: number }
  | { readonly kind: 'drop'; readonly reason: string };

export interface Poison {
  /** How often it was delivered. */
  readonly deliveries: number;
  /** Why the last try failed. */
  readonly reason: string;
}

export interface PullConsumerOptions {
  readonly nats: NatsConnection;
  readonly stream: string;
  readonly durable: string;
  /** Only messages of this subject. */
  readonly filter?: string;
  /** Handles one message; a throw is a retry. */
  readonly handle: (message: JsMsg) => Promise<Settlement>;
  /** Told of a message that was delivered too often, before it is dropped; while it throws, nothing is dropped. */
  readonly onPoison: (message: JsMsg, poison: Poison) => Promise<void>;
  /** Handled at once; 1 keeps the order. */
  readonly maxInFlight: number;
  /** Tries before a message counts as poisonous; 5 when absent. */
  readonly maxDeliveries?: number;
  /** A message that is not settled for so long is delivered again, in ms; 30 s when absent. Extended while handled. */
  readonly ackWaitMs?: number;
  /** Wait before the second try, doubled for each further one up to a minute, in ms; 500 when absent. */
  readonly retryMs?: number;
  /** How long `stop` waits for what is being handled, in ms; 10 s when absent. */
  readonly drainMs?: number;
  readonly signal?: AbortSignal;
  readonly log?: Log;
}

type Settings = Required<Omit<PullConsumerOptions, 'filter' | 'signal'>> & Pick<PullConsumerOptions, 'filter'>;

const LONGEST_RETRY_MS = 60_000;
const LONGEST_PAUSE_MS = 5_000;
const EXPIRES_MS = 5_000;

/**
 * Handles the messages of a durable consumer, which it creates, and creates again when it is gone, until it is stopped
 * or the signal aborts. Resolves when the consumer is there. Codes: STREAM_MISSING, NATS_UNAVAILABLE, NATS_REFUSED.
 */
export async function runPullConsumer(options: PullConsumerOptions): Promise<RunningService> {
  const settings: Settings = {
    maxDeliveries: 5,
    ackWaitMs: 30_000,
    retryMs: 500,
    drainMs: 10_000,
    log: silentLog,
    ...options,
  };
  const runner = new PullConsumerRunner(settings);
  await runner.start();
  const stop = (): Promise<void> => runner.stop();
  options.signal?.addEventListener('abort', () => void stop(), { once: true });
  if (options.signal?.aborted === true) await stop();
  return { name: `${options.stream}/${options.durable}`, stop };
}

class PullConsumerRunner {
  readonly #settings: Settings;
  readonly #inFlight = new InFlight();
  #messages: ConsumerMessages | undefined;
  #isStopping = false;
  #ended: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  async start(): Promise<void> {
    const { stream, durable } = this.#settings;
    try {
      this.#messages = await this.#consume();
    } catch (error) {
      throw translateNatsError(error, `consume ${stream} as ${durable}`, stream);
    }
    this.#ended = this.#run(this.#messages);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#isStopping = true;
    this.#messages?.stop();
    const { drainMs, log, durable } = this.#settings;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.#ended, new Promise((resolve) => (timer = setTimeout(resolve, drainMs)))]);
    clearTimeout(timer);
    const isDrained = await this.#inFlight.settled(drainMs);
    if (!isDrained) log.warn({ durable, left: this.#inFlight.size }, 'stopped while messages were being handled');
  }

  async #consume(): Promise<ConsumerMessages> {
    const { nats, stream, durable, filter, ackWaitMs, maxInFlight } = this.#settings;
    const manager = await jetstreamManager(nats, { checkAPI: false });
    await manager.consumers.add(stream, {
      durable_name: durable,
      ...(filter === undefined ? {} : { filter_subject: filter }),
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(ackWaitMs),
      max_ack_pending: maxInFlight,
      // Bounded here and not by the server, which would drop a message without telling anybody.
      max_deliver: -1,
    });
    const consumer = await jetstream(nats).consumers.get(stream, durable);
    return consumer.consume({ max_messages: maxInFlight, expires: EXPIRES_MS, abort_on_missing_resource: true });
  }

  async #run(first: ConsumerMessages): Promise<void> {
    let messages: ConsumerMessages | undefined = first;
    for (let pause = 100; !this.#isStopping;) {
      if (messages !== undefined) {
        await this.#handleAll(messages);
        pause = 100;
      }
      if (this.#isStopping || this.#settings.nats.isClosed()) return;
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      messages = await this.#reopened();
      this.#messages = messages;
      if (this.#isStopping) messages?.stop();
    }
  }

  async #reopened(): Promise<ConsumerMessages | undefined> {
    const { log, stream, durable } = this.#settings;
    try {
      return await this.#consume();
    } catch (error) {
      if (isConnectionOver(error)) return undefined;
      const facts = { stream, durable, reason: messageOf(error) };
      if (isStreamMissing(error)) log.error(facts, 'the stream is gone; waiting for it');
      else log.warn(facts, 'cannot consume now; trying again');
      return undefined;
    }
  }

  async #handleAll(messages: ConsumerMessages): Promise<void> {
    const { maxInFlight, log, durable } = this.#settings;
    try {
      for await (const message of messages) {
        await this.#inFlight.below(maxInFlight);
        // What arrived and was not begun goes back at once, for whoever runs next.
        if (this.#isStopping) message.nak();
        else this.#inFlight.add(this.#handleOne(message));
      }
    } catch (error) {
      log.warn({ durable, reason: messageOf(error) }, 'the consumer is gone; creating it again');
    }
  }

  async #handleOne(message: JsMsg): Promise<void> {
    const { ackWaitMs, maxDeliveries } = this.#settings;
    const alive = setInterval(() => message.working(), ackWaitMs / 3);
    try {
      const { deliveryCount } = message.info;
      if (deliveryCount > maxDeliveries) await this.#giveUp(message, 'the service ended while it handled it');
      else await this.#settle(message, await this.#settlementOf(message));
    } finally {
      clearInterval(alive);
    }
  }

  async #settlementOf(message: JsMsg): Promise<Settlement & { readonly failure?: string }> {
    try {
      return await this.#settings.handle(message);
    } catch (error) {
      const { log, durable } = this.#settings;
      const failure = messageOf(error);
      log.warn({ durable, subject: message.subject, reason: failure }, 'a message could not be handled');
      return { kind: 'retry', failure };
    }
  }

  /** The only place where a message is answered. */
  async #settle(message: JsMsg, settlement: Settlement & { readonly failure?: string }): Promise<void> {
    const { deliveryCount } = message.info;
    switch (settlement.kind) {
      case 'ack':
        return message.ack();
      case 'drop':
        return message.term(settlement.reason);
      case 'retry':
        if (deliveryCount >= this.#settings.maxDeliveries) {
          return this.#giveUp(message, settlement.failure ?? 'it was put off too often');
        }
        return message.nak(settlement.delayMs ?? this.#retryDelay(deliveryCount));
      default:
        return unreachable(settlement, 'settlement');
    }
  }

  async #giveUp(message: JsMsg, reason: string): Promise<void> {
    const { onPoison, log, durable } = this.#settings;
    const { deliveryCount } = message.info;
    log.error({ durable, subject: message.subject, deliveries: deliveryCount, reason }, 'a message is given up');
    try {
      await onPoison(message, { deliveries: deliveryCount, reason });
      message.term(reason.slice(0, 200));
    } catch (error) {
      log.error({ durable, reason: messageOf(error) }, 'nobody could be told of it; keeping the message');
      message.nak(this.#retryDelay(deliveryCount));
    }
  }

  #retryDelay(deliveries: number): number {
    return Math.min(this.#settings.retryMs * 2 ** Math.min(deliveries - 1, 20), LONGEST_RETRY_MS);
  }
}
