import { type GateJudged, type GroupEvent, NOTIFICATION_TYPES as TYPES, type PlanEvent } from '@sluice/contracts';

import { redact } from './redact.js';
import { because, what } from './tell-rollout.js';
import type { Scene, Telling } from './told.js';

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
  if (event.verdict !== 'fail') return undefined;
  const words = redact(event.words);
  return {
    type: TYPES.gateFailed,
    severity: 'warning',
    state: 'running',
    text: `${what(scene)}: gate ${event.gate} failed at stage ${event.stage + 1}: ${words}; the rollout is braked for it`,
    details: { gate: event.gate, stage: event.stage, round: event.round, words, policyHash: event.policyHash },
  };
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
