import { describe, expect, it } from 'vitest';

import { systemClock } from './clock.js';
import { createUlidMaker, newUlid } from './ids.js';
import { createLogger } from './logger.js';

describe('createLogger', () => {
  function lines(level?: 'debug'): { log: ReturnType<typeof createLogger>; written: Record<string, unknown>[] } {
    const written: Record<string, unknown>[] = [];
    const write = (line: string) => written.push(JSON.parse(line) as Record<string, unknown>);
    return { log: createLogger('executor', level, { write }), written };
  }

  it('writes one JSON object a line with name, level, time and sentence', () => {
    const { log, written } = lines();
    log.info({ rollout: 'r1' }, 'started');
    log.debug('not written');
    expect(written).toEqual([
      expect.objectContaining({ name: 'executor', level: 'info', rollout: 'r1', msg: 'started' }),
    ]);
    expect(written[0]?.['time']).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  it('never writes what stands under a secret name, but keeps fencing tokens', () => {
    const { log, written } = lines();
    const secrets = { password: 's3cret', a: { token: 's3cret', b: { apiKey: 's3cret' } } };
    log.warn({ ...secrets, request: { headers: { authorization: 'Bearer s3cret' } }, group: { token: 7 } }, 'x');
    expect(JSON.stringify(written)).not.toContain('s3cret');
    expect(written[0]).toMatchObject({ password: '[redacted]', group: { token: 7 } });
  });
});

describe('newUlid', () => {
  it('sorts in the order of making, within a millisecond and while the clock stands behind', () => {
    const times = [5, 5, 5, 9, 3, 3, 10];
    const make = createUlidMaker(() => times.shift() ?? 11);
    const ids = Array.from({ length: 8 }, make);
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(8);
  });

  it('has 26 symbols and differs each time', () => {
    const ids = Array.from({ length: 10_000 }, newUlid);
    expect(new Set(ids).size).toBe(10_000);
    expect(ids.every((id) => /^[0-9A-HJKMNP-TV-Z]{26}$/.test(id))).toBe(true);
  });
});

describe('systemClock', () => {
  it('fires once, and not when it was cancelled', async () => {
    let fired = 0;
    const cancel = systemClock.schedule(0, () => (fired += 100));
    cancel();
    cancel();
    await new Promise<void>((resolve) => systemClock.schedule(5, () => ((fired += 1), resolve())));
    expect(fired).toBe(1);
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
  });

  it('does not fire at once for a wait of 30 days', async () => {
    let isFired = false;
    const cancel = systemClock.schedule(30 * 86_400_000, () => (isFired = true));
    await new Promise<void>((resolve) => systemClock.schedule(20, resolve));
    expect(isFired).toBe(false);
    cancel();
  });
});
