import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { DomainEvent } from '../events/index.js';
import { sha256 } from '../hashing.js';
import { EVENT_SCHEMAS } from '../schemas/events.js';
import { validatorOf } from '../schemas/validate.js';
import { decodeCommit } from './commit.js';
import { EVENT_SAMPLES } from './event-samples.js';
import { decodeEvent, encodeEvent, EVENT_TYPES } from './events.js';
import type { StoredEvent } from './stored.js';

/**
 * What was ever written to a log, one file per event type and payload shape, never changed once it is on main. A new
 * shape gets a new file (`RolloutStarted.2.json`) and a line in SHA256SUMS.
 */
const FOLDER = join(import.meta.dirname, '../../fixtures/v1');
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
const textOf = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');

interface EventFixture {
  readonly cases: readonly { readonly stored: StoredEvent; readonly event: DomainEvent }[];
}

describe('fixtures of version 1', () => {
  it('are those that were pinned', () => {
    const pinned = textOf('SHA256SUMS').trimEnd().split('\n');
    expect(files.map((file) => `${sha256(textOf(file))}  ${file}`).toSorted()).toEqual(pinned.toSorted());
  });

  it('cover every event type', () => {
    const covered = new Set(files.map((file) => file.split('.')[0]));
    expect(EVENT_TYPES.filter((type) => !covered.has(type))).toEqual([]);
  });

  it.each(files.filter((file) => !file.startsWith('commit')))('%s still decodes to its events', (file) => {
    const { cases } = JSON.parse(textOf(file)) as EventFixture;
    expect(cases.length).toBeGreaterThan(0);
    for (const { stored, event } of cases) {
      expect(stored.type).toBe(file.split('.')[0]);
      expect(decodeEvent(stored)).toEqual(event);
    }
  });

  it('commit.json still decodes, with the reasons of each event', () => {
    const { raw, hash, decoded } = JSON.parse(textOf('commit.json')) as { raw: string; hash: string; decoded: unknown };
    expect(decodeCommit(new TextEncoder().encode(raw))).toEqual(decoded);
    expect(sha256(raw)).toBe(hash);
  });
});

describe.each(EVENT_TYPES)('stored payload of %s', (type) => {
  const validate = validatorOf(EVENT_SCHEMAS[type]);
  const samples: readonly DomainEvent[] = EVENT_SAMPLES[type];

  it('is of its schema and reads back', () => {
    for (const sample of samples) {
      const stored = JSON.parse(JSON.stringify(encodeEvent(sample))) as StoredEvent;
      expect(validate(stored.data), `${JSON.stringify(stored.data)}: ${JSON.stringify(validate.errors)}`).toBe(true);
      expect(decodeEvent(stored)).toEqual(sample);
    }
  });

  it('has a schema that refuses what is not of it', () => {
    const [sample] = samples;
    if (sample === undefined) throw new Error('no sample');
    const { data } = encodeEvent(sample);
    const more = Array.isArray(data) ? [...(data as unknown[]), 1, 2] : { ...(data as object), unheardOf: 1 };
    for (const bad of [null, 'text', [], more]) expect(validate(bad), JSON.stringify(bad)).toBe(false);
  });
});
