import { RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { nanos } from '@nats-io/nats-core';
import { BUCKETS, STREAMS } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { checkServerVersion } from './server-version.js';
import { diffStream } from './stream-diff.js';
import { type StreamSpec, streamSpecs } from './stream-specs.js';

function specOf(name: string): StreamSpec {
  const spec = streamSpecs().find((candidate) => candidate.name === name);
  if (spec === undefined) throw new Error(`no spec ${name}`);
  return spec;
}

describe('diffStream', () => {
  const notify = specOf(STREAMS.notify);
  const log = specOf(STREAMS.log);

  it('ignores what a server adds: metadata and defaults', () => {
    const actual = { ...log, max_msgs: -1, num_replicas: 1, metadata: { '_nats.ver': '2.15.1' }, allow_atomic: true };
    expect(diffStream(log, actual)).toEqual({ kind: 'same' });
    const { deny_purge, allow_direct, max_age, ...without } = log;
    expect([deny_purge, allow_direct, max_age]).toEqual([false, false, 0]);
    expect(diffStream(log, without)).toEqual({ kind: 'same' });
  });

  it('updates what loses nothing', () => {
    expect(diffStream(notify, { ...notify, max_age: nanos(3_600_000) })).toEqual({
      kind: 'update',
      fields: ['max_age'],
    });
    expect(diffStream(notify, { ...notify, subjects: [] })).toEqual({ kind: 'update', fields: ['subjects'] });
    expect(diffStream(log, { ...log, deny_delete: false })).toEqual({ kind: 'update', fields: ['deny_delete'] });
    expect(diffStream(log, { ...log, max_age: nanos(1) })).toEqual({ kind: 'update', fields: ['max_age'] });
  });

  it('makes leases shorter when told to', () => {
    const [long, short] = [10_000, 2_000].map((leaseMs) =>
      streamSpecs({ leaseMs }).find(({ name }) => name === `KV_${BUCKETS.leases}`),
    );
    if (long === undefined || short === undefined) throw new Error('no spec of the leases');
    expect(diffStream(short, long)).toEqual({ kind: 'update', fields: ['max_age', 'duplicate_window'] });
  });

  it('refuses what could lose messages or cannot be done', () => {
    const refused = (actual: Partial<StreamSpec>, spec = notify) => diffStream(spec, { ...spec, ...actual });
    expect(refused({ max_age: 0 })).toEqual({ kind: 'refuse', fields: ['max_age'] });
    expect(refused({ storage: StorageType.Memory })).toEqual({ kind: 'refuse', fields: ['storage'] });
    expect(refused({ retention: RetentionPolicy.Interest }, log)).toEqual({ kind: 'refuse', fields: ['retention'] });
    expect(refused({ subjects: ['sluice.notify.>', 'more.>'] })).toEqual({ kind: 'refuse', fields: ['subjects'] });
    expect(refused({ deny_purge: true }, log)).toEqual({ kind: 'refuse', fields: ['deny_purge'] });
  });

  it('leaves the copies alone unless it is told how many', () => {
    expect(diffStream(log, { ...log, num_replicas: 3 })).toEqual({ kind: 'same' });
    const three = streamSpecs({ replicas: 3 }).find(({ name }) => name === STREAMS.log) ?? log;
    expect(diffStream(three, { ...three, num_replicas: 1 })).toEqual({ kind: 'update', fields: ['num_replicas'] });
  });
});

describe('checkServerVersion', () => {
  it.each(['2.10.0', '2.10.27', '2.15.1', '3.0.0-beta', '2.11.0-RC.1'])('takes %s', (version) => {
    expect(checkServerVersion(version)).toEqual({ kind: 'ok' });
  });
  it.each(['2.9.10', '1.4.1', '', 'unknown'])('warns of "%s"', (version) => {
    expect(checkServerVersion(version)).toMatchObject({ kind: 'old', warning: expect.stringContaining('MAY BE LOST') });
  });
});
