import { SluiceError } from '@sluice/kernel';

import type { Sourcing } from '../agent-protocol.js';
import type { DomainEvent } from '../events/index.js';
import type { StepName } from '../plan.js';
import type { StoredEvent } from './stored.js';
import { loadTargets, type StoredTargets, storeTargets } from './target-lists.js';
import { upcast } from './upcasters.js';

type EventOf<T extends DomainEvent['type']> = Extract<DomainEvent, { readonly type: T }>;

/** How one event type is written: payload version, and the two pure directions. */
interface Codec<E> {
  readonly v: number;
  readonly encode: (event: E) => unknown;
  readonly decode: (data: never) => E;
  /** The JSON text of what `encode` gives, for an event that is written so often that building it in one go pays. */
  readonly text?: (event: E) => string;
}

// Stored step names are one letter: a rollout of 100,000 targets writes 500,000 of them.
const STEP_CODE: Readonly<Record<StepName, string>> = {
  probe: 'p',
  drain: 'd',
  download: 'l',
  install: 'i',
  verify: 'v',
  enable: 'e',
};
const STEP_OF_CODE = new Map<string, StepName>(
  Object.entries(STEP_CODE).map(([step, code]) => [code, step as StepName]),
);

function stepOf(code: string): StepName {
  const step = STEP_OF_CODE.get(code);
  if (step === undefined)
    throw new SluiceError(
      'UNKNOWN_STEP',
      `the log names a step "${code}" that this version does not know: upgrade Sluice`,
    );
  return step;
}

type StoredStep = readonly [
  target: number,
  step: string,
  n: number,
  ms: number,
  note?: 'local' | 'waived' | null,
  sourcing?: Sourcing,
];

/** What follows [target, step, n, ms] in a stored success; nothing, nearly always. */
function restOfStep({ note, source, fellBack }: EventOf<'StepSucceeded'>): readonly unknown[] {
  if (source === undefined && fellBack === undefined) return note === undefined ? [] : [note];
  const sourcing = { ...(source === undefined ? {} : { source }), ...(fellBack === undefined ? {} : { fellBack }) };
  return [note ?? null, sourcing];
}

const stepSucceeded: Codec<EventOf<'StepSucceeded'>> = {
  v: 1,
  encode: (e) => [e.target, STEP_CODE[e.step], e.n, e.ms, ...restOfStep(e)],
  decode: ([target, code, n, ms, note, sourcing]: StoredStep) =>
    note === undefined || note === null
      ? { type: 'StepSucceeded', target, step: stepOf(code), n, ms, ...sourcing }
      : { type: 'StepSucceeded', target, step: stepOf(code), n, ms, note, ...sourcing },
  text: (e) => {
    const rest = restOfStep(e);
    const more = rest.length === 0 ? '' : `,${JSON.stringify(rest).slice(1, -1)}`;
    return `[${e.target},"${STEP_CODE[e.step]}",${e.n},${e.ms}${more}]`;
  },
};

/** A codec that writes the lists of targets in `keys` in few bytes and everything else as it is. */
function withTargets<T extends DomainEvent['type']>(type: T, ...keys: readonly string[]): Codec<EventOf<T>> {
  return {
    v: 1,
    encode: ({ type: _, ...rest }) =>
      Object.fromEntries(
        Object.entries(rest).map(([key, value]) => [key, keys.includes(key) ? storeTargets(value as number[]) : value]),
      ),
    decode: (data: Record<string, unknown>) => {
      const event: Record<string, unknown> = { type, ...data };
      for (const key of keys) event[key] = loadTargets(data[key] as StoredTargets);
      return event as EventOf<T>;
    },
  };
}

const plain = <T extends DomainEvent['type']>(type: T): Codec<EventOf<T>> => ({
  v: 1,
  encode: ({ type: _, ...data }) => data,
  decode: (data: object) => ({ type, ...data }) as EventOf<T>,
});

const CODECS: { readonly [T in DomainEvent['type']]: Codec<EventOf<T>> } = {
  PlanTargetsAdded: plain('PlanTargetsAdded'),
  RolloutPlanned: plain('RolloutPlanned'),
  RequestRefused: plain('RequestRefused'),
  RolloutStarted: plain('RolloutStarted'),
  ApprovalRequested: plain('ApprovalRequested'),
  ApprovalGranted: plain('ApprovalGranted'),
  ApprovalRejected: plain('ApprovalRejected'),
  WaitStarted: plain('WaitStarted'),
  BatchAwaited: plain('BatchAwaited'),
  BatchProceeded: plain('BatchProceeded'),
  StageEntered: plain('StageEntered'),
  TargetsAdmitted: withTargets('TargetsAdmitted', 'targets'),
  StepSucceeded: stepSucceeded,
  StepFailed: plain('StepFailed'),
  TargetUnknown: plain('TargetUnknown'),
  DrainSkipped: plain('DrainSkipped'),
  VerifyWaived: plain('VerifyWaived'),
  TargetExcluded: plain('TargetExcluded'),
  StageSettled: plain('StageSettled'),
  GatesRequested: plain('GatesRequested'),
  GateRecorded: plain('GateRecorded'),
  StagePassed: plain('StagePassed'),
  RolloutBraked: plain('RolloutBraked'),
  BrakeReleased: plain('BrakeReleased'),
  BudgetChanged: plain('BudgetChanged'),
  RetryOrdered: withTargets('RetryOrdered', 'redo', 'probe'),
  MembersAdded: plain('MembersAdded'),
  MembersSynced: withTargets('MembersSynced', 'gone', 'back'),
  MembersJoined: plain('MembersJoined'),
  TargetsSilent: withTargets('TargetsSilent', 'targets'),
  TargetsHeard: withTargets('TargetsHeard', 'targets'),
  TargetsLost: withTargets('TargetsLost', 'targets'),
  SkipOrdered: plain('SkipOrdered'),
  RolloutPaused: plain('RolloutPaused'),
  RolloutResumed: plain('RolloutResumed'),
  ModeChanged: plain('ModeChanged'),
  IntervalsChanged: plain('IntervalsChanged'),
  RolloutSettling: plain('RolloutSettling'),
  RolloutSucceeded: plain('RolloutSucceeded'),
  RolloutFailed: withTargets('RolloutFailed', 'notServing'),
  RolloutCancelled: withTargets('RolloutCancelled', 'notServing'),
  RolloutClosed: plain('RolloutClosed'),
  RollbackRequested: withTargets('RollbackRequested', 'targets', 'down'),
  LeaseGranted: plain('LeaseGranted'),
  LeaseQueued: plain('LeaseQueued'),
  LeaseDropped: plain('LeaseDropped'),
  LeaseReleased: plain('LeaseReleased'),
  VersionSucceeded: plain('VersionSucceeded'),
  VersionBlocked: plain('VersionBlocked'),
  VersionUnblocked: plain('VersionUnblocked'),
  HostExcluded: plain('HostExcluded'),
  HostIncluded: plain('HostIncluded'),
  GroupCheckpointed: plain('GroupCheckpointed'),
  GateJudged: plain('GateJudged'),
  HostsSilent: withTargets('HostsSilent', 'targets'),
  HostsHeard: withTargets('HostsHeard', 'targets'),
  MembersSeen: plain('MembersSeen'),
  DriftSeen: plain('DriftSeen'),
  DependencyOpened: plain('DependencyOpened'),
  DependencyHalfOpened: plain('DependencyHalfOpened'),
  DependencyClosed: plain('DependencyClosed'),
  DependencyForced: plain('DependencyForced'),
  DependencyReleased: plain('DependencyReleased'),
  SideSeen: plain('SideSeen'),
  SideScaleOrdered: plain('SideScaleOrdered'),
  WeightSet: plain('WeightSet'),
  WeightPublished: plain('WeightPublished'),
  SideRetireOrdered: plain('SideRetireOrdered'),
  SideRetired: plain('SideRetired'),
  RampSeen: plain('RampSeen'),
  RolloutFrozen: plain('RolloutFrozen'),
  RolloutThawed: plain('RolloutThawed'),
  FreezeOverridden: plain('FreezeOverridden'),
  FreezeDeclared: plain('FreezeDeclared'),
  FreezeLifted: plain('FreezeLifted'),
  RolloutLabelled: plain('RolloutLabelled'),
  HoldPlaced: plain('HoldPlaced'),
  HoldLifted: plain('HoldLifted'),
  HostsJoined: plain('HostsJoined'),
  HostsReturned: withTargets('HostsReturned', 'hosts'),
  HostsMoved: withTargets('HostsMoved', 'hosts'),
  HostsLeft: withTargets('HostsLeft', 'hosts'),
  RosterCheckpointed: plain('RosterCheckpointed'),
  VariableDefined: plain('VariableDefined'),
  RampStarted: plain('RampStarted'),
  RampReversed: plain('RampReversed'),
  RampPaused: plain('RampPaused'),
  RampResumed: plain('RampResumed'),
  RampStopped: plain('RampStopped'),
  RampFinishOrdered: plain('RampFinishOrdered'),
  RampFinished: plain('RampFinished'),
  VariableReverted: plain('VariableReverted'),
  HostsPinned: withTargets('HostsPinned', 'hosts'),
  HostsUnpinned: withTargets('HostsUnpinned', 'hosts'),
  ValuesAssigned: withTargets('ValuesAssigned', 'hosts'),
  VariableCheckpointed: withTargets('VariableCheckpointed', 'hosts'),
  NoticeDelivered: plain('NoticeDelivered'),
};

type AnyCodec = Codec<DomainEvent>;

const CODEC_OF = new Map(Object.entries(CODECS) as unknown as [string, AnyCodec][]);
const codecOf = (type: string): AnyCodec | undefined => CODEC_OF.get(type);

/** All event types that the log may hold. */
export const EVENT_TYPES: readonly DomainEvent['type'][] = Object.keys(CODECS) as DomainEvent['type'][];

/** Type, version and payload of an event as it is stored. Metadata is the commit codec's. */
export function encodeEvent(event: DomainEvent): Pick<StoredEvent, 'type' | 'v' | 'data'> {
  const codec = codecFor(event);
  const data = codec.encode(event);
  return codec.v === 1 ? { type: event.type, data } : { type: event.type, v: codec.v, data };
}

/** The JSON text of a stored event, byte for byte that of `{...encodeEvent(event), ...meta}`. */
export function eventText(event: DomainEvent, meta: object | undefined): string {
  const codec = codecFor(event);
  const data = codec.text?.(event) ?? JSON.stringify(codec.encode(event));
  const version = codec.v === 1 ? '' : `,"v":${codec.v}`;
  const shared = meta === undefined ? '' : JSON.stringify(meta).slice(1, -1);
  return `{"type":"${event.type}"${version},"data":${data}${shared === '' ? '' : `,${shared}`}}`;
}

function codecFor(event: DomainEvent): AnyCodec {
  const codec = codecOf(event.type);
  if (codec === undefined) throw new SluiceError('UNKNOWN_EVENT', `no codec for event ${event.type}`);
  return codec;
}

/** The event that a stored one stands for, whatever version wrote it. Codes UNKNOWN_EVENT, UNKNOWN_EVENT_VERSION. */
export function decodeEvent(stored: Pick<StoredEvent, 'type' | 'v' | 'data'>): DomainEvent {
  const codec = codecOf(stored.type);
  if (codec === undefined)
    throw new SluiceError(
      'UNKNOWN_EVENT',
      `the log holds an event "${stored.type}" that this version does not know: upgrade Sluice`,
    );
  const version = stored.v ?? 1;
  return codec.decode(
    (version === codec.v ? stored.data : upcast(stored.type, { from: version, to: codec.v }, stored.data)) as never,
  );
}
