import { describe, expect, it } from 'vitest';

import { Slots } from './slots.js';

const open = new AbortController().signal;

/** Work that ends when it is told. */
function held(): { readonly act: () => Promise<string>; readonly end: () => void } {
  let end = (): void => {};
  const over = new Promise<string>((resolve) => (end = () => resolve('done')));
  return { act: () => over, end: () => end() };
}

describe('Slots', () => {
  it('lets so many work at once, and refuses when too many wait', async () => {
    const slots = new Slots(1, 1);
    const [first, second] = [held(), held()];
    const one = slots.use('it', open, first.act);
    const two = slots.use('it', open, second.act);
    await expect(slots.use('it', open, () => Promise.resolve())).rejects.toMatchObject({ code: 'SOURCE_BUSY' });
    first.end();
    second.end();
    expect(await Promise.all([one, two])).toEqual(['done', 'done']);
  });

  it('loses no slot to who gave up waiting or failed', async () => {
    const slots = new Slots(1, 5);
    const first = held();
    const one = slots.use('it', open, first.act);
    const leaving = new AbortController();
    const two = slots.use('it', leaving.signal, () => Promise.resolve('never'));
    const three = slots.use('it', open, () => Promise.reject(new Error('broken')));
    leaving.abort(new Error('gone'));
    await expect(two).rejects.toThrow('gone');
    first.end();
    await one;
    await expect(three).rejects.toThrow('broken');
    expect(await slots.use('it', open, () => Promise.resolve('free'))).toBe('free');
  });

  it('passes on a slot that came in the moment of giving up', async () => {
    const slots = new Slots(1, 5);
    const first = held();
    const one = slots.use('it', open, first.act);
    const leaving = new AbortController();
    const two = slots.use('it', leaving.signal, () => Promise.resolve('late'));
    first.end();
    await one;
    leaving.abort(new Error('gone'));
    await two.catch(() => undefined);
    expect(await slots.use('it', open, () => Promise.resolve('free'))).toBe('free');
  });
});
