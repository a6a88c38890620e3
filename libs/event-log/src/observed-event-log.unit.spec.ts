import { EMPTY_HEAD } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { InMemoryEventLog } from './in-memory-event-log.js';
import { ObservedEventLog } from './observed-event-log.js';

const stream = { shard: '07', writer: 'exec', id: 'r07-0123456789ABCDEFGHJKMNPQRS' } as const;
const meta = { by: { id: 'executor', kind: 'service' }, cause: 'c', corr: 'r' } as const;
const draft = { id: 'c1', at: 5, events: [{ event: { type: 'RolloutPaused' }, meta }] } as const;

describe('an observed log', () => {
  it('tells of each durable commit, of each failure, and of what is followed before its reader', async () => {
    const seen: string[] = [];
    let now = 0;
    const log = new ObservedEventLog(
      new InMemoryEventLog(),
      [
        { appended: ({ events, head, tookMs }) => seen.push(`appended ${events.length} at ${head.rev} in ${tookMs}`) },
        {
          appendFailed: (_, error) => seen.push(isSluiceError(error) ? error.code : 'other'),
          followed: ({ id }) => seen.push(`followed ${id}`),
        },
      ],
      () => (now += 10),
    );
    await log.append(stream, EMPTY_HEAD, draft);
    await expect(log.append(stream, EMPTY_HEAD, { ...draft, id: 'c2' })).rejects.toMatchObject({
      code: 'CONCURRENCY_CONFLICT',
    });
    const abort = new AbortController();
    for await (const item of log.follow({ shards: ['07'], from: 0, signal: abort.signal })) {
      seen.push(item.kind);
      if (item.kind === 'live') abort.abort();
    }
    expect(seen).toEqual(['appended 1 at 1 in 10', 'CONCURRENCY_CONFLICT', 'followed c1', 'commit', 'live']);
    expect(await log.position()).toBe(1);
    expect((await log.last(stream))?.id).toBe('c1');
  });
});
