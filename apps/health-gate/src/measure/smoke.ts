import { type SmokeRun, spread } from '@sluice/gating';

import type { SmokeQuestion, SmokeResult } from '../providers/smoke/port.js';
import type { Asked } from './asking.js';

/** How a request says which side it wants, past the weights: the header of @sluice/side. */
const SIDE_HEADER = 'x-sluice-side';
/** Hosts that are asked one by one; more are represented by so many. */
const MAX_PLACES = 5;
const MAX_EXAMPLES = 3;

/** Who is asked what: the new side by its header, or hosts that came through one by one where the source wants a host. */
export function smokeQuestions({ source, values, row }: Asked, isPerHost: boolean): readonly SmokeQuestion[] {
  const { measure } = row.spec;
  if (measure.kind !== 'smoke') return [];
  const headers = values.side === undefined ? {} : { headers: { [SIDE_HEADER]: values.side } };
  const { requests, replay } = measure;
  const sends = [
    // Who writes a request that changes something means it; one that was recorded may have been anybody's.
    ...(requests.length === 0 ? [] : [{ send: { kind: 'synthetic' as const, requests }, mutating: true }]),
    ...(replay === undefined
      ? []
      : [
          {
            send: { kind: 'recorded' as const, limit: replay.most },
            perSecond: replay.perSecond,
          },
        ]),
  ];
  const places = isPerHost
    ? spread(values.hosts, MAX_PLACES).map((host) => ({ place: { host } }))
    : [{} as { readonly place?: { readonly host: string } }];
  return places.flatMap((place) => sends.map((send) => ({ source, ...headers, ...place, ...send })));
}

interface Answered {
  readonly question: SmokeQuestion;
  readonly result: SmokeResult;
}

export const runsOf = (answers: readonly Answered[]): readonly SmokeRun[] =>
  answers.map(({ question: { place }, result }) => {
    const { sent, passed, failed, error, skipped, unsent, digest } = result;
    const examples = result.examples.slice(0, MAX_EXAMPLES).map(({ request, words }) => `${request}: ${words}`);
    const host = place !== undefined && 'host' in place ? { host: place.host } : {};
    return { ...host, sent, passed, failed, error, skipped, unsent, examples, digest };
  });
