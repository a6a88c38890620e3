import { type Decider, SluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { given } from './given.js';

interface Door {
  open: boolean;
  readonly times: number[];
}

const door: Decider<Door, 'open' | 'close', string> = {
  initialState: () => ({ open: false, times: [] }),
  decide: (state, input, now) => {
    if (input === 'close' && !state.open) throw new SluiceError('CLOSED', 'it is closed');
    return input === 'open' && state.open ? [] : [`${input}@${now}`];
  },
  evolve: (state, event, at) => {
    state.open = event.startsWith('open');
    state.times.push(at);
    return state;
  },
};

describe('given, when, then', () => {
  it('passes what is decided, refused and left', () => {
    given(door).when('open', 5).then('open@5');
    given(door).events('open').when('open').thenNothing();
    expect(given(door).when('close').thenRefused('CLOSED').message).toBe('it is closed');
    expect(given(door).at(3).events('open').at(9).events('close').state().times).toEqual([3, 9]);
  });

  it('fails on anything else', () => {
    expect(() => given(door).when('open', 5).then('open@6')).toThrow(/open@5/);
    expect(() => given(door).when('open', 5).thenNothing()).toThrow(/open@5/);
    expect(() => given(door).when('open').thenRefused('CLOSED')).toThrow(/it was decided/);
    expect(() => given(door).when('close').thenRefused('OTHER')).toThrow(/refused as CLOSED/);
  });

  it('gives each decision a state of its own', () => {
    const opened = given(door).events('open');
    opened.events('close').when('close').thenRefused('CLOSED');
    opened.when('close', 1).then('close@1');
  });
});
