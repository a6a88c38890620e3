import type { EventLog, Followed, FollowOptions } from '@sluice/event-log';
import { type Clock, SluiceError } from '@sluice/kernel';

/** One life of a service: after its death nothing that it still holds has any effect, as after kill -9. */
export class Life {
  readonly ended: Promise<void>;
  private readonly aborter = new AbortController();
  private announce: () => void = () => undefined;

  constructor() {
    this.ended = new Promise((resolve) => {
      this.announce = resolve;
    });
  }

  get dead(): boolean {
    return this.aborter.signal.aborted;
  }

  get signal(): AbortSignal {
    return this.aborter.signal;
  }

  kill(): void {
    this.aborter.abort();
    this.announce();
  }

  /** What a dead process awaits never comes. */
  async whileAlive<T>(work: () => Promise<T>): Promise<T> {
    if (this.dead) return never();
    const result = await work();
    return this.dead ? never() : result;
  }

  /** What others ask of it fails when it dies before it has answered. */
  answering<T>(work: () => Promise<T>): Promise<T> {
    const gone = (): never => {
      throw new SluiceError('NO_RESPONDERS', 'the service died');
    };
    return this.dead
      ? Promise.reject(new SluiceError('NO_RESPONDERS', 'nobody listens'))
      : Promise.race([work(), this.ended.then(gone)]);
  }
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

export function clockOf(life: Life, clock: Clock): Clock {
  return {
    now: () => clock.now(),
    schedule: (delayMs, fire) =>
      clock.schedule(delayMs, () => {
        if (!life.dead) fire();
      }),
  };
}

export function logOf(life: Life, log: EventLog): EventLog {
  async function* follow(options: FollowOptions): AsyncIterable<Followed> {
    for await (const item of log.follow({ ...options, signal: AbortSignal.any([options.signal, life.signal]) })) {
      if (life.dead) await never();
      yield item;
    }
    if (life.dead) await never();
  }
  return {
    append: (stream, expected, draft) => life.whileAlive(() => log.append(stream, expected, draft)),
    read: (stream, fromRev) => log.read(stream, fromRev),
    last: (stream) => life.whileAlive(() => log.last(stream)),
    follow,
    position: () => life.whileAlive(() => log.position()),
  };
}
