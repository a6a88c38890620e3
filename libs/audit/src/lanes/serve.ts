import { parentPort } from 'node:worker_threads';

import { Batch, type Order, READY } from './batch.js';

/** The other side of a BatchThread. */
export function serveBatches<Extra, Answer>(
  look: (batch: Batch, size: number, extra: Extra) => Answer,
  end: () => Answer,
): void {
  parentPort?.on('message', ({ batch }: Order<Extra>) => {
    const answer = batch === undefined ? end() : look(Batch.of(batch.shared), batch.size, batch.extra);
    parentPort?.postMessage(answer);
  });
  parentPort?.postMessage(READY);
}
