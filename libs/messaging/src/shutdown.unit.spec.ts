import { describe, expect, it } from 'vitest';

import { silentLog } from './running-service.js';
import { stopAll } from './shutdown.js';

const service = (name: string, stop: () => Promise<void>) => ({ name, stop });

describe('stopAll', () => {
  it('stops the services, and closes what they share only when all have stopped', async () => {
    const order: string[] = [];
    const services = ['a', 'b'].map((name) =>
      service(name, async () => {
        order.push(`${name} stops`);
        await Promise.resolve();
        order.push(`${name} stopped`);
      }),
    );
    const close = async (): Promise<void> => void order.push('closed');
    expect(await stopAll({ services, close, graceMs: 1_000, log: silentLog })).toBe(0);
    expect(order).toEqual(['b stops', 'a stops', 'b stopped', 'a stopped', 'closed']);
  });

  it('closes all the same when a service fails to stop, and says so by its code', async () => {
    let isClosed = false;
    const services = [service('a', () => Promise.reject(new Error('no')))];
    const close = async (): Promise<void> => void (isClosed = true);
    expect(await stopAll({ services, close, graceMs: 1_000, log: silentLog })).toBe(1);
    expect(isClosed).toBe(true);
  });

  it('does not wait longer than the grace', async () => {
    const services = [service('a', () => new Promise(() => {}))];
    expect(await stopAll({ services, close: async () => {}, graceMs: 10, log: silentLog })).toBe(1);
  });
});
