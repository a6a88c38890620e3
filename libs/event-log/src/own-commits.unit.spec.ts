import { EMPTY_HEAD } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { encodeNext } from './encode-next.js';
import { OwnCommits } from './own-commits.js';
import type { CommitDraft } from './port.js';
import { recordedCommit } from './recorded.js';

const stream = { shard: '03', writer: 'exec', id: 'r03-0123456789ABCDEFGHJKMNPQRS' } as const;
const meta = { by: { id: 'h1', kind: 'agent' }, cause: 'a/b/drain/1', corr: 'req-1' } as const;

const draftOf = (id: string, targets: number): CommitDraft => ({
  id,
  at: 1_000,
  events: Array.from({ length: targets }, (_, target) => ({
    event: { type: 'StepSucceeded', target, step: 'drain', n: 1, ms: 5 },
    meta,
  })),
});

describe('OwnCommits', () => {
  it('gives back what a reader of the bytes would have read', () => {
    const own = new OwnCommits();
    const draft = draftOf('one', 3);
    const next = encodeNext(stream, EMPTY_HEAD, draft);
    own.add(stream, EMPTY_HEAD, draft, next);
    const read = recordedCommit({ stream, position: 7, bytes: next.bytes });
    expect(own.find('one', 7, Uint8Array.from(next.bytes))).toEqual(read);
  });

  it('knows nothing of other bytes under the same id', () => {
    const own = new OwnCommits();
    const draft = draftOf('one', 3);
    own.add(stream, EMPTY_HEAD, draft, encodeNext(stream, EMPTY_HEAD, draft));
    const other = encodeNext(stream, EMPTY_HEAD, draftOf('one', 2));
    expect(own.find('one', 7, other.bytes)).toBeUndefined();
    expect(own.find('two', 7, other.bytes)).toBeUndefined();
  });

  it('forgets the oldest beyond 4 MiB', () => {
    const own = new OwnCommits();
    const drafts = Array.from({ length: 300 }, (_, i) => draftOf(`c${i}`, 512));
    const written = drafts.map((draft) => ({ draft, next: encodeNext(stream, EMPTY_HEAD, draft) }));
    for (const { draft, next } of written) own.add(stream, EMPTY_HEAD, draft, next);
    const kept = written.filter(({ draft, next }) => own.find(draft.id, 1, next.bytes) !== undefined);
    const bytes = kept.reduce((sum, { next }) => sum + next.bytes.length, 0);
    expect(bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(bytes).toBeGreaterThan(3 * 1024 * 1024);
    expect(kept.at(-1)?.draft.id).toBe('c299');
  });
});
