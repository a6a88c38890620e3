import { jetstream, type JetStreamManager, jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { BUCKETS, STREAMS } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import { isStreamMissing, serverCodeOf, SERVER_CODES, translateNatsError } from './nats-errors.js';
import { checkServerVersion } from './server-version.js';
import { diffStream } from './stream-diff.js';
import { type SpecOptions, type StreamSpec, streamSpecs } from './stream-specs.js';

export interface ProvisionOptions extends SpecOptions {
  /** The last log position that the caller saw: with one, a missing log is a stop. */
  readonly rememberedPosition?: number;
}

export interface Provisioned {
  readonly created: readonly string[];
  readonly updated: readonly string[];
  /** To be logged loudly. */
  readonly warnings: readonly string[];
}

/** Key of the mark in the meta bucket that says that this installation has a log. */
const LOG_MARK = 'log';

/**
 * Creates the streams and buckets that are missing and updates those that differ where that loses nothing. Safe to run
 * by several services at once. A log that is gone is never created anew when something remembers it: the caller's
 * `rememberedPosition`, or the mark that provisioning leaves in the meta bucket once the log exists.
 * Codes: LOG_MISSING, STREAM_MISMATCH (differs in a way that must be resolved by hand), NATS_UNAVAILABLE, NATS_REFUSED.
 */
export async function provision(nats: NatsConnection, options: ProvisionOptions = {}): Promise<Provisioned> {
  try {
    return await provisionAll(nats, options);
  } catch (error) {
    throw translateNatsError(error, 'provision the streams');
  }
}

async function provisionAll(nats: NatsConnection, options: ProvisionOptions): Promise<Provisioned> {
  const manager = await jetstreamManager(nats);
  const created: string[] = [];
  const updated: string[] = [];
  // The meta bucket comes first: the log is only created once it is known whether there ever was one.
  const metaFirst = streamSpecs(options).toSorted((a, b) => Number(isMeta(b)) - Number(isMeta(a)));
  for (const spec of metaFirst) {
    const existing =
      spec.name === STREAMS.log ? await findLog(nats, manager, options) : await infoOf(manager, spec.name);
    if (existing === undefined) {
      await create(manager, spec);
      created.push(spec.name);
    } else if (await align(manager, spec, existing)) updated.push(spec.name);
  }
  await leaveMark(nats, manager);
  const version = checkServerVersion(nats.info?.version ?? '0');
  return { created, updated, warnings: version.kind === 'old' ? [version.warning] : [] };
}

const isMeta = (spec: StreamSpec): boolean => spec.name === `KV_${BUCKETS.meta}`;

async function infoOf(manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (isStreamMissing(error)) return undefined;
    throw error;
  }
}

async function create(manager: JetStreamManager, spec: StreamSpec): Promise<void> {
  try {
    await manager.streams.add(spec);
  } catch (error) {
    // Another service was faster and a server adds defaults of its own: what stands there is compared like any other.
    if (serverCodeOf(error) !== SERVER_CODES.streamNameInUse) throw error;
    await align(manager, spec, await manager.streams.info(spec.name));
  }
}

/** True when something had to be changed. */
async function align(manager: JetStreamManager, spec: StreamSpec, existing: StreamInfo): Promise<boolean> {
  const diff = diffStream(spec, existing.config);
  if (diff.kind === 'same') return false;
  if (diff.kind === 'refuse') throw mismatch(spec, diff.fields);
  await manager.streams.update(spec.name, spec);
  return true;
}

function mismatch({ name }: StreamSpec, fields: readonly string[]): SluiceError {
  const message = `the stream ${name} stands there with other settings (${fields.join(', ')}), and changing them could lose what it holds: change them by hand with the nats command, or give this installation a NATS account of its own`;
  return new SluiceError('STREAM_MISMATCH', message, { stream: name, fields });
}

/** The log, or undefined when there never was one. Code LOG_MISSING when there was one. */
async function findLog(
  nats: NatsConnection,
  manager: JetStreamManager,
  { rememberedPosition = 0 }: ProvisionOptions,
): Promise<StreamInfo | undefined> {
  const found = await infoOf(manager, STREAMS.log);
  if (found !== undefined) return found;
  const isMarked = (await (await metaOf(nats)).get(LOG_MARK)) !== null;
  if (rememberedPosition === 0 && !isMarked) return undefined;
  // The mark may be that of a service that created the log in between.
  const foundNow = await infoOf(manager, STREAMS.log);
  if (foundNow !== undefined) return foundNow;
  const message = `the stream ${STREAMS.log} is gone, but this installation had one: restore it from a backup. To begin anew on purpose, delete the bucket ${BUCKETS.meta} too`;
  throw new SluiceError('LOG_MISSING', message, { rememberedPosition, isMarked });
}

async function leaveMark(nats: NatsConnection, manager: JetStreamManager): Promise<void> {
  const meta = await metaOf(nats);
  if ((await meta.get(LOG_MARK)) !== null) return;
  const { created } = await manager.streams.info(STREAMS.log);
  await meta.put(LOG_MARK, JSON.stringify({ v: 1, created }));
}

const metaOf = (nats: NatsConnection) => new Kvm(jetstream(nats)).open(BUCKETS.meta);
