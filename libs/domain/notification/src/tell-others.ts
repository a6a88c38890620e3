import {
  type FreezeEvent,
  type FreezeScope,
  type GateJudged,
  type GroupEvent,
  NOTIFICATION_TYPES as TYPES,
  type PlanEvent,
} from '@sluice/contracts';

import { redact } from './redact.js';
import type { Scene, Telling } from './told.js';
import { because, instant, stageOf, what } from './words.js';

type Of<T extends GroupEvent['type']> = Extract<GroupEvent, { readonly type: T }>;
type Refused = Extract<PlanEvent, { readonly type: 'RequestRefused' }>;

const MAX_FAULTS = 20;

/** Stands for a name that the log does not tell. */
export const UNKNOWN = 'unknown';

/** Messages of faults quote the document, which may hold anything: only where and which are told. */
export function tellRefused(event: Refused): Telling {
  const faults = event.faults.slice(0, MAX_FAULTS).map(({ path, code }) => ({ path: redact(path, 200), code }));
  const named = faults.slice(0, 5).map(({ path, code }) => `${path === '' ? 'the document' : path} ${code}`);
  const more = event.faults.length - named.length;
  const subject = event.group === undefined ? 'a request' : `a request for group ${redact(event.group, 100)}`;
  return {
    type: TYPES.refused,
    severity: 'warning',
    state: 'refused',
    text: `${subject} was refused with ${event.faults.length} faults: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}; correct the document and publish it again`,
    about: { app: event.app ?? UNKNOWN, group: event.group ?? '', version: '', rolloutId: '' },
    details: { requestId: redact(event.requestId, 200), faults: event.faults.length, first: faults },
  };
}

export function tellGateFailed(event: GateJudged, scene: Scene): Telling | undefined {
  if (event.verdict !== 'fail' || event.shadow === true) return undefined;
  const words = redact(event.words);
  const { gate, stage, round, phase = 'exit', policyHash } = event;
  return {
    type: TYPES.gateFailed,
    severity: 'warning',
    state: 'running',
    text: `${what(scene)}: gate ${gate} failed ${placeOf(event, scene)}: ${words}; ${consequenceOf(event, scene)}`,
    details: { gate, stage, round, phase, words, policyHash },
  };
}

function placeOf({ stage, phase }: GateJudged, { plan }: Scene): string {
  if (plan.ramp !== undefined)
    return phase === 'during' ? 'in mid-ramp' : `${phase === 'entry' ? 'before' : 'at the end of'} the ramp`;
  const name = plan.traffic === undefined ? `stage ${stage + 1}` : stageOf(plan, stage).name;
  if (phase === 'entry') return `before ${name}`;
  return phase === 'during' ? `in the middle of ${name}` : `at ${name}`;
}

function consequenceOf({ gate }: GateJudged, { plan }: Scene): string {
  const { onFail = {} } = plan;
  const goesBack = Object.hasOwn(onFail, gate) && onFail[gate] === 'rollback';
  return `the rollout is ${goesBack ? 'rolled back' : 'braked'} for it`;
}

type Teller<E> = (event: E, scene: Scene) => Telling;

export const GROUP_TELLERS: { readonly [T in GroupEvent['type']]?: Teller<Of<T>> } = {
  LeaseDropped: (event, { group }) => ({
    type: TYPES.dropped,
    severity: 'warning',
    state: 'dropped',
    text: `rollout ${event.rolloutId} on ${group} was dropped before it started${because(event.reason)}; publish its request again if it is still wanted`,
    details: { reason: redact(event.reason) },
    about: { rolloutId: event.rolloutId },
  }),
  HostExcluded: (event, { group, who }) => ({
    type: TYPES.hostExcluded,
    severity: 'warning',
    state: 'excluded',
    text: `${event.host} was excluded from ${group} by ${who}${because(event.reason)}; it gets no commands until it is included again`,
    details: { host: event.host },
  }),
  HostIncluded: (event, { group, who }) => ({
    type: TYPES.hostIncluded,
    severity: 'info',
    state: 'included',
    text: `${event.host} was included in ${group} again by ${who}${because(event.reason)}`,
    details: { host: event.host },
  }),
  VersionBlocked: (event, { group, who }) => ({
    type: TYPES.versionBlocked,
    severity: 'warning',
    state: 'blocked',
    text: `version ${event.version} is blocked on ${group} by ${who}${because(event.reason)}; a request for it is refused until it is unblocked`,
    details: { version: event.version },
    about: { version: event.version, ...(event.rolloutId === undefined ? {} : { rolloutId: event.rolloutId }) },
  }),
  VersionUnblocked: (event, { group, who }) => ({
    type: TYPES.versionUnblocked,
    severity: 'info',
    state: 'unblocked',
    text: `version ${event.version} is no longer blocked on ${group}, by ${who}${because(event.reason)}`,
    details: { version: event.version },
    about: { version: event.version },
  }),
};

type OfFreeze<T extends FreezeEvent['type']> = Extract<FreezeEvent, { readonly type: T }>;

/** A freeze concerns whatever is in its scope, not one rollout. */
export const FREEZE_TELLERS: { readonly [T in FreezeEvent['type']]: Teller<OfFreeze<T>> } = {
  FreezeDeclared: ({ freeze, scope, from, until, reason }, { who }) => ({
    type: TYPES.freezeDeclared,
    severity: 'warning',
    state: 'frozen',
    text: `${who} froze ${scopeInWords(scope)} from ${instant(from)} until ${instant(until)}${because(reason)}: nothing is admitted and no traffic moves to a new side; hotfix goes on in spite of it, lift ends it`,
    about: { ...EVERYTHING, ...aboutOf(scope) },
    details: { freeze, scope, from, until },
  }),
  FreezeLifted: ({ freeze, by, reason }, { who }) => ({
    type: TYPES.freezeLifted,
    severity: 'info',
    state: 'lifted',
    text:
      by === 'expiry'
        ? `freeze ${freeze} has ended: its time is over`
        : `freeze ${freeze} was lifted by ${who}${because(reason)}`,
    about: EVERYTHING,
    details: { freeze, by },
  }),
};

const EVERYTHING = { app: 'all', group: '', version: '', rolloutId: '' } as const;

function scopeInWords(scope: FreezeScope): string {
  return scope.kind === 'all' ? 'everything' : `${scope.kind} ${redact(scope.name, 200)}`;
}

function aboutOf(scope: FreezeScope): { readonly app?: string; readonly group?: string } {
  if (scope.kind === 'app') return { app: scope.name };
  return scope.kind === 'group' ? { group: scope.name } : {};
}
