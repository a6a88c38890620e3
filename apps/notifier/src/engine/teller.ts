import type { EventToAppend, NoticeEvent, Notification } from '@sluice/contracts';
import { isSluiceError, messageOf, serviceActor } from '@sluice/kernel';
import type { Log } from '@sluice/messaging';
import { notificationOf, type ToldEvent } from '@sluice/notification';

import { type Ledger, noticeStream, readLedger } from '../ledger/ledger.js';
import { Contexts } from './contexts.js';
import type { NotifierDeps, NotifierLimits } from './ports.js';
import type { RolloutQueue } from './rollout-queue.js';

const BY = serviceActor('notifier');

interface Tried {
  /** Events of the queue's head that are done with. */
  readonly done: number;
  readonly records: readonly EventToAppend<NoticeEvent>[];
  /** Why it ended early. */
  readonly failure: unknown;
}

/** Tells the events of one rollout in their order, then records them. */
export class Teller {
  private readonly contexts: Contexts;
  /** Events that can never be told: their publication was refused for good, or made no sense. */
  refused = 0;

  constructor(
    private readonly deps: NotifierDeps,
    private readonly limits: NotifierLimits,
    private readonly logger: Log,
  ) {
    this.contexts = new Contexts(deps.log, limits.remembered);
  }

  /**
   * One round for a queue: what the ledger has is dropped, some events are told, and one commit records them. Returns
   * what kept it from going on, or undefined; what was told before that is recorded all the same.
   */
  async tell(queue: RolloutQueue): Promise<unknown> {
    try {
      // The batch stands behind this ledger and no later one: another notifier's record in between is a conflict.
      const ledger = (queue.ledger ??= await readLedger(this.deps.log, queue.source));
      queue.dropTold();
      const tried = await this.publishSome(queue.events.slice(0, this.limits.perCommit));
      if (tried.records.length > 0) await this.record(queue, ledger, tried.records);
      queue.drop(tried.done);
      return tried.failure;
    } catch (failure) {
      return failure;
    }
  }

  /** One after the other: the stream of notifications has the order of the log. */
  private async publishSome(events: readonly ToldEvent[]): Promise<Tried> {
    const records: EventToAppend<NoticeEvent>[] = [];
    let done = 0;
    try {
      for (const told of events) {
        const notification = this.compose(told, await this.contexts.of(told));
        if (notification !== undefined && (await this.publish(notification)))
          records.push(recordOf(told, notification));
        done += 1;
      }
    } catch (failure) {
      return { done, records, failure };
    }
    return { done, records, failure: undefined };
  }

  private compose(told: ToldEvent, context: Awaited<ReturnType<Contexts['of']>>): Notification | undefined {
    try {
      return notificationOf(told, context);
    } catch (error) {
      this.refuse(`${told.commitId}.${told.index}`, error);
      return undefined;
    }
  }

  private async publish(notification: Notification): Promise<boolean> {
    try {
      await this.deps.publisher.publish(notification);
      return true;
    } catch (error) {
      if (!isSluiceError(error, 'NOTICE_REFUSED')) throw error;
      this.refuse(notification.id, error);
      return false;
    }
  }

  private refuse(notification: string, error: unknown): void {
    this.refused += 1;
    this.logger.error({ notification, reason: messageOf(error) }, 'a notification can never be told; it is left out');
  }

  private async record(
    queue: RolloutQueue,
    before: Ledger,
    events: readonly EventToAppend<NoticeEvent>[],
  ): Promise<void> {
    const { log, newId, clock } = this.deps;
    // Forgotten until it is known to have landed: after a conflict or a lost answer it is read, not guessed.
    queue.ledger = undefined;
    const head = await log.append(noticeStream(queue.source), before.head, { id: newId(), at: clock.now(), events });
    const last = events.at(-1);
    const index = Number(last?.event.notificationId.split('.').at(-1) ?? 0);
    queue.ledger = { head, told: { position: last?.event.position ?? 0, index } };
  }
}

function recordOf(told: ToldEvent, { id, type, data }: Notification): EventToAppend<NoticeEvent> {
  return {
    event: {
      type: 'NoticeDelivered',
      notificationId: id,
      notificationType: type,
      severity: data.severity,
      position: told.position,
    },
    meta: { by: BY, cause: id, corr: told.meta.corr },
  };
}
