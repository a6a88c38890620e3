import { type Clock, messageOf, SluiceError } from '@sluice/kernel';

import type { Publisher, SignedCheckpoint } from '../engine/ports.js';

/** Between the tries, in ms: three in all. */
const PAUSES_MS = [1_000, 10_000] as const;
const TIMEOUT_MS = 10_000;

/** Sends a signed note to an address; throws unless it was taken. */
export type Post = (url: string, note: string) => Promise<void>;

/** Code WEBHOOK_FAILED after the last try. */
export const webhookPublisher = (url: string, clock: Clock, post: Post = posted): Publisher => ({
  name: 'webhook',
  publish: async ({ note }: SignedCheckpoint) => {
    for (const pause of [...PAUSES_MS, undefined]) {
      try {
        return await post(url, note);
      } catch (error) {
        // What an address may hold of secrets is not repeated.
        if (pause === undefined)
          throw new SluiceError('WEBHOOK_FAILED', `SLUICE_CHECKPOINT_WEBHOOK does not take it: ${messageOf(error)}`);
        await new Promise<void>((resolve) => void clock.schedule(pause, resolve));
      }
    }
  },
});

async function posted(url: string, note: string): Promise<void> {
  const { ok, status, body } = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: note,
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await body?.cancel();
  if (!ok) throw new Error(`it answers ${status}`);
}
