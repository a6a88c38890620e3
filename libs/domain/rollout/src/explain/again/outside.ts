import type { GateJudged, RolloutEvent } from '@sluice/contracts';

import { attemptOf } from '../../evolve/targets.js';
import type { LogLoss } from '../../inputs.js';
import { planOf, type RolloutState } from '../../state.js';
import { own, type Place, type Rebuilt } from './recorded.js';

type Of<T extends RolloutEvent['type']> = Extract<RolloutEvent, { readonly type: T }>;

/** What gates, balancers and the workers of a shift or a ramp tell it. */
export function outsideAt(place: Place, event: RolloutEvent): Rebuilt | undefined {
  switch (event.type) {
    case 'GateRecorded':
      return verdictAt(place, event);
    case 'MembersJoined':
      return joinedAt(place, event);
    case 'SideSeen':
      return own({ type: 'sideSeen', side: event.side, services: event.services });
    case 'WeightPublished':
      return own({ type: 'weightPublished', weights: event.weights, version: event.version });
    case 'SideRetired':
      return own({ type: 'sideRetired', side: event.side });
    case 'RampSeen':
      return own({ type: 'rampSeen', seen: seenOf(event) });
    case 'RolloutBraked':
      return brakedAt(place, event);
    default:
      return undefined;
  }
}

function seenOf({ phase, to, hosts, words }: Of<'RampSeen'>) {
  return { phase, to, hosts, ...(words === undefined ? {} : { words }) };
}

/** The verdict must stand in the gate's own stream, word for word. */
function verdictAt({ evidence }: Place, event: Of<'GateRecorded'>): Rebuilt {
  const { verdict, words } = event;
  const those = evidence.verdicts(event);
  const found = those.find((judged) => judged.verdict === verdict && judged.words === words) ?? those[0];
  return found === undefined
    ? { impossible: `the gate stream has no verdict of ${event.gate} on stage ${event.stage}, round ${event.round}` }
    : { input: { type: 'verdict', judged: found satisfies GateJudged }, from: 'gate stream' };
}

function joinedAt({ evidence }: Place, { members }: Of<'MembersJoined'>): Rebuilt {
  const found = evidence
    .seen('MembersSeen')
    .find(({ members: seen }) =>
      members.every(({ host, running }) => seen.some((each) => each.host === host && each.running === running)),
    );
  return found === undefined
    ? { impossible: 'the gate stream has not seen those members' }
    : { input: { type: 'seen', members: found.members }, from: 'gate stream' };
}

/** Brakes that come from outside; those of the budget are the rollout's own course. */
function brakedAt(place: Place, { cause }: Of<'RolloutBraked'>): Rebuilt | undefined {
  const { state } = place;
  switch (cause.kind) {
    case 'log':
      return own({ type: 'logRegressed', loss: lossIn(cause.numbers) });
    case 'ramp': {
      const name = planOf(state).ramp?.spec.name ?? 'the variable';
      return own({ type: 'rampTrouble', words: after(cause.words, `${name} does not take this ramp: `) });
    }
    case 'dependency':
      return state.traffic === undefined ? balancerAt(state, cause.words, cause.targets?.[0]) : troubleAt(cause.words);
    case 'budget':
    case 'canary':
    case 'gate':
    case 'capacity':
      return undefined;
  }
}

const TROUBLE = ' is needed and does not do its part: ';

function troubleAt(said: string): Rebuilt {
  const at = said.indexOf(TROUBLE);
  if (at < 0) return { lacks: 'what a shift needs and does not do its part is not recorded' };
  return own({ type: 'trafficTrouble', dependency: said.slice(0, at), words: said.slice(at + TROUBLE.length) });
}

/** Nothing of the target is recorded where it stays open until the balancer puts it back. */
function balancerAt(state: RolloutState, said: string, target: number | undefined): Rebuilt {
  const attempt = target === undefined ? undefined : attemptOf(state, target);
  const step = attempt?.steps[attempt.next];
  if (target === undefined || attempt === undefined || (step !== 'drain' && step !== 'enable'))
    return { lacks: 'which target the balancer was asked for is not recorded' };
  const words = after(said, `${planOf(state).lb?.balancer ?? ''} is required and down: `);
  return own({ type: 'balanced', target, n: attempt.n, step, ms: 0, outcome: { kind: 'down', words } });
}

const after = (words: string, prefix: string): string =>
  words.startsWith(prefix) ? words.slice(prefix.length) : words;

/** What a brake of the log says was lost. */
export const lossIn = ({ seen = 0, position = 0 }: Readonly<Record<string, number>>): LogLoss => ({ seen, position });
