import { errors } from '@nats-io/nats-core';
import { SluiceError } from '@sluice/kernel';
import { silentLog } from '@sluice/messaging';
import { VirtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { explained, patiently } from './patience.js';

const timeout = () => new errors.TimeoutError();

/** Fails so often, then works. */
function failing(times: number, fault: () => Error = timeout) {
  let tries = 0;
  const work = (): Promise<string> => {
    tries += 1;
    return tries <= times ? Promise.reject(fault()) : Promise.resolve('started');
  };
  return { work, tries: () => tries };
}

async function tried(work: () => Promise<string>, waitMs = 10_000): Promise<unknown> {
  const clock = new VirtualClock();
  const outcome = patiently(work, { clock, waitMs, doing: 'start', log: silentLog }).catch((error: unknown) => error);
  await clock.advance(60_000);
  return outcome;
}

describe('a start that NATS interrupts', () => {
  it('is tried again until it works', async () => {
    const { work, tries } = failing(3);
    expect(await tried(work)).toBe('started');
    expect(tries()).toBe(4);
  });

  it('is given up after its time, with what to do', async () => {
    const { work, tries } = failing(Infinity);
    expect(await tried(work)).toMatchObject({
      code: 'NATS_UNAVAILABLE',
      message: expect.stringMatching(/could not start: .*check that nats-server runs/),
    });
    expect(tries()).toBe(21);
  });

  it('is not tried again for anything else', async () => {
    const { work, tries } = failing(1, () => new SluiceError('LOG_MISSING', 'the log is gone'));
    expect(await tried(work)).toMatchObject({ code: 'LOG_MISSING' });
    expect(tries()).toBe(1);
    expect(explained(new TypeError('a bug'), 'start')).toBeInstanceOf(TypeError);
  });
});
