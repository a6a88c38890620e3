import { type Clock, formatDuration, SluiceError } from '@sluice/kernel';

export interface Bounds {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Aborted when the service stops. */
  readonly stop?: AbortSignal | undefined;
}

/** Runs `act` with a signal that is aborted when its time is over. Codes SOURCE_TIMEOUT and STOPPED, at once then. */
export async function within<T>(
  { clock, timeoutMs, stop }: Bounds,
  who: string,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const onStop = (): void =>
    controller.abort(new SluiceError('STOPPED', `${who} was not waited for: the health gate stops`));
  const words = `${who} did not answer within ${formatDuration(timeoutMs)}: see why it is slow, or give it a longer timeout`;
  const cancel = clock.schedule(timeoutMs, () => controller.abort(new SluiceError('SOURCE_TIMEOUT', words)));
  stop?.addEventListener('abort', onStop);
  if (stop?.aborted === true) onStop();
  try {
    return await unlessAborted(act(controller.signal), controller.signal);
  } finally {
    cancel();
    stop?.removeEventListener('abort', onStop);
  }
}

/** Rejects with the signal's reason as soon as it is aborted, whatever the work does then. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    work.catch(() => undefined);
  }
}

/** Waits, and at once no longer when the signal is aborted: rejects with its reason. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  let cancel = (): void => {};
  const over = new Promise<void>((resolve) => (cancel = clock.schedule(ms, resolve)));
  try {
    await unlessAborted(over, signal);
  } finally {
    cancel();
  }
}
