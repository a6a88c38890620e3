import { VirtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { webhookPublisher } from './webhook-publisher.js';

const signed = { note: 'a note', size: 1, at: 0 };

describe('the webhook of checkpoints', () => {
  const publishing = async (failures: number) => {
    const clock = new VirtualClock();
    let tries = 0;
    const post = async (): Promise<void> => {
      tries += 1;
      if (tries <= failures) throw new Error('it answers 503');
    };
    let ended = false;
    const outcome = webhookPublisher('http://127.0.0.1/secret', clock, post)
      .publish(signed)
      .then(
        () => 'taken',
        (error: Error) => error.message,
      )
      .finally(() => (ended = true));
    await clock.runUntil(() => ended);
    return { outcome: await outcome, tries };
  };

  it('tries three times and no more', async () => {
    expect(await publishing(2)).toEqual({ outcome: 'taken', tries: 3 });
    const { outcome, tries } = await publishing(9);
    expect(tries).toBe(3);
    expect(outcome).toContain('it answers 503');
    expect(outcome).not.toContain('secret');
  });
});
