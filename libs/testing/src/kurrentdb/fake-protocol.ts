import shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import status from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/status_pb.js';
import streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  ReadResp,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import any from 'google-protobuf/google/protobuf/any_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';

import type { ExpectedRevision, FakeAppend, FakeRecord, ProposedRecord } from './fake-store.js';

export interface WantedAppend {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly proposed: ProposedRecord;
}

export interface ReadWish {
  /** Absent for all streams. */
  readonly stream?: string;
  /** A revision of the stream, or a position of all. */
  readonly from: number | 'start' | 'end';
  readonly isBackwards: boolean;
  readonly isSubscription: boolean;
  readonly count: number;
}

type StreamIdentifier = InstanceType<typeof shared.StreamIdentifier>;
type Proposed = InstanceType<typeof streams.AppendReq.ProposedMessage>;
type BatchProposed = InstanceType<typeof streams.BatchAppendReq.ProposedMessage>;

const nameIn = (identifier: StreamIdentifier | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');

const identifierOf = (name: string): StreamIdentifier =>
  new shared.StreamIdentifier().setStreamName(Buffer.from(name).toString('base64'));

function proposedOf(message: Proposed | BatchProposed | undefined): ProposedRecord {
  if (message === undefined) throw new Error('an append without an event');
  return {
    id: uuidText(message.getId()),
    type: message.getMetadataMap().get('type') ?? '',
    metadata: message.getCustomMetadata_asU8(),
    data: message.getData_asU8(),
  };
}

/** The client sends ids as text to one call and as two numbers to the other. */
function uuidText(id: InstanceType<typeof shared.UUID> | undefined): string {
  const structured = id?.getStructured();
  if (structured === undefined) return id?.getString() ?? '';
  const hex = [structured.getMostSignificantBits(), structured.getLeastSignificantBits()]
    .map((part) => BigInt.asUintN(64, BigInt(part)).toString(16).padStart(16, '0'))
    .join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function appendOf([head, body]: readonly AppendReq[]): WantedAppend {
  const options = head?.getOptions();
  const expected = options?.hasNoStream() ? -1 : options?.hasRevision() ? Number(options.getRevision()) : 'any';
  return {
    stream: nameIn(options?.getStreamIdentifier()),
    expected,
    proposed: proposedOf(body?.getProposedMessage()),
  };
}

export function batchOf(request: BatchAppendReq): WantedAppend {
  const options = request.getOptions();
  const expected = options?.hasNoStream()
    ? -1
    : options?.hasStreamPosition()
      ? Number(options.getStreamPosition())
      : 'any';
  const [message] = request.getProposedMessagesList();
  return { stream: nameIn(options?.getStreamIdentifier()), expected, proposed: proposedOf(message) };
}

export function appendAnswer(outcome: FakeAppend, expected: ExpectedRevision): AppendResp {
  if (outcome.kind === 'conflict') {
    const refusal = new streams.AppendResp.WrongExpectedVersion();
    if (outcome.current < 0) refusal.setCurrentNoStream(new shared.Empty());
    else refusal.setCurrentRevision(String(outcome.current));
    if (expected === -1) refusal.setExpectedNoStream(new shared.Empty());
    else refusal.setExpectedRevision(String(expected));
    return new streams.AppendResp().setWrongExpectedVersion(refusal);
  }
  const success = new streams.AppendResp.Success();
  if (outcome.kind === 'repeated') {
    success.setCurrentRevision(String(outcome.revision)).setNoPosition(new shared.Empty());
  } else {
    const { revision, position } = outcome.record;
    const place = new streams.AppendResp.Position()
      .setCommitPosition(String(position))
      .setPreparePosition(String(position));
    success.setCurrentRevision(String(revision)).setPosition(place);
  }
  return new streams.AppendResp().setSuccess(success);
}

export function batchAnswer(request: BatchAppendReq, outcome: FakeAppend, expected: ExpectedRevision): BatchAppendResp {
  const answer = new streams.BatchAppendResp()
    .setCorrelationId(request.getCorrelationId())
    .setStreamIdentifier(request.getOptions()?.getStreamIdentifier());
  if (outcome.kind === 'conflict') return answer.setError(batchRefusal(outcome.current, expected));
  const success = new streams.BatchAppendResp.Success();
  if (outcome.kind === 'repeated') {
    success.setCurrentRevision(String(outcome.revision)).setNoPosition(new empty.Empty());
  } else {
    const { revision, position } = outcome.record;
    const place = new shared.AllStreamPosition()
      .setCommitPosition(String(position))
      .setPreparePosition(String(position));
    success.setCurrentRevision(String(revision)).setPosition(place);
  }
  return answer.setSuccess(success);
}

function batchRefusal(current: number, expected: ExpectedRevision): InstanceType<typeof status.Status> {
  const refusal = new shared.WrongExpectedVersion();
  if (current < 0) refusal.setCurrentNoStream(new empty.Empty());
  else refusal.setCurrentStreamRevision(String(current));
  if (expected === -1) refusal.setExpectedNoStream(new empty.Empty());
  else refusal.setExpectedStreamPosition(String(expected));
  const details = new any.Any();
  details.pack(refusal.serializeBinary(), 'event_store.client.WrongExpectedVersion');
  return new status.Status().setMessage('wrong expected version').setDetails(details);
}

export function wishOf(request: ReadReq): ReadWish {
  const options = request.getOptions();
  if (options === undefined) throw new Error('a read without options');
  const stream = options.getStream();
  const all = options.getAll();
  const isBackwards = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS;
  const count = options.hasCount() ? Number(options.getCount()) : Number.MAX_SAFE_INTEGER;
  const common = { isBackwards, isSubscription: options.hasSubscription(), count };
  if (stream !== undefined) {
    const from = stream.hasRevision() ? Number(stream.getRevision()) : stream.hasEnd() ? 'end' : 'start';
    return { ...common, stream: nameIn(stream.getStreamIdentifier()), from };
  }
  const position = all?.getPosition();
  const from = position !== undefined ? Number(position.getCommitPosition()) : all?.hasEnd() ? 'end' : 'start';
  return { ...common, from };
}

/** Which streams a read of all wants. */
export function filterOf(request: ReadReq): (stream: string) => boolean {
  const prefixes = request.getOptions()?.getFilter()?.getStreamIdentifier()?.getPrefixList() ?? [''];
  return (stream) => prefixes.some((prefix) => stream.startsWith(prefix));
}

export function eventAnswer(record: FakeRecord): ReadResp {
  const event = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(new shared.UUID().setString(record.id))
    .setStreamIdentifier(identifierOf(record.stream))
    .setStreamRevision(String(record.revision))
    .setPreparePosition(String(record.position))
    .setCommitPosition(String(record.position))
    .setCustomMetadata(record.metadata)
    .setData(record.data);
  event.getMetadataMap().set('type', record.type).set('content-type', 'application/octet-stream').set('created', '0');
  return new streams.ReadResp().setEvent(
    new streams.ReadResp.ReadEvent().setEvent(event).setCommitPosition(String(record.position)),
  );
}

export const confirmation = (): ReadResp =>
  new streams.ReadResp().setConfirmation(new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId('s'));

export const notFound = (name: string): ReadResp =>
  new streams.ReadResp().setStreamNotFound(
    new streams.ReadResp.StreamNotFound().setStreamIdentifier(identifierOf(name)),
  );
