import type { EventLog, Followed, FollowOptions } from '@sluice/event-log';
import { type Clock, SluiceError } from '@sluice/kernel';

/** One life of a service: after its death nothing that it still holds has any effect, as after kill -9. */
export class Life {
  readonly ended: Promise<void>;
  private readonly aborter = new AbortController();
  private announce: () => void = () => undefined;
  private asleep: Promise<void> | undefined;
  private wakeUp: () => void = () => undefined;

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

  /** False when it is dead already. */
  kill(): boolean {
    if (this.dead) return false;
    this.aborter.abort();
    this.announce();
    return true;
  }

  get sleeps(): boolean {
    return this.asleep !== undefined;
  }

  /** SIGSTOP: it does nothing, and learns nothing, until it is woken; then it goes on as if nothing had been. */
  sleep(): void {
    this.asleep ??= new Promise((resolve) => {
      this.wakeUp = resolve;
    });
  }

  wake(): void {
    this.asleep = undefined;
    this.wakeUp();
  }

  /** Does it now, or when it is awake again. */
  act(work: () => void): void {
    if (this.asleep === undefined) {
      if (!this.dead) work();
    } else void this.asleep.then(() => this.act(work));
  }

  /** Resolves at once while it is awake. */
  async awake(): Promise<void> {
    while (this.asleep !== undefined) await this.asleep;
  }

  /** What a dead process awaits never comes. */
  async whileAlive<T>(work: () => Promise<T>): Promise<T> {
    if (this.asleep !== undefined) await this.awake();
    if (this.dead) return never();
    const result = await work();
    if (this.asleep !== undefined) await this.awake();
    return this.dead ? never() : result;
  }

  /** What others ask of it fails when it dies before it has answered; a sleeper does it when it wakes, too late for them. */
  answering<T>(work: () => Promise<T>, clock?: Clock): Promise<T> {
    if (this.sleeps && clock !== undefined) {
      this.act(() => void work().catch(() => undefined));
      return new Promise((_, reject) => {
        clock.schedule(ANSWER_MS, () => reject(new SluiceError('TIMEOUT', 'nobody answered')));
      });
    }
    const gone = (): never => {
      throw new SluiceError('NO_RESPONDERS', 'the service died');
    };
    return this.dead
      ? Promise.reject(new SluiceError('NO_RESPONDERS', 'nobody listens'))
      : Promise.race([work(), this.ended.then(gone)]);
  }
}

/** How long others wait for an answer. */
const ANSWER_MS = 2_000;

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

export function clockOf(life: Life, clock: Clock): Clock {
  return {
    now: () => clock.now(),
    schedule: (delayMs, fire) => clock.schedule(delayMs, () => life.act(fire)),
  };
}

export function logOf(life: Life, log: EventLog): EventLog {
  async function* follow(options: FollowOptions): AsyncIterable<Followed> {
    for await (const item of log.follow({ ...options, signal: AbortSignal.any([options.signal, life.signal]) })) {
      if (life.sleeps) await life.awake();
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
