import type { FleetEvent, RolloutEvent, RunReport, StepReport } from '@sluice/contracts';

import { attemptOf } from '../../evolve/targets.js';
import type { LogLoss, RolloutInput } from '../../inputs.js';
import { legOf, legsOf } from '../../legs.js';
import { planOf } from '../../state.js';
import { hostAt } from '../told.js';
import { commandAt } from './commands.js';
import { lossIn, outsideAt } from './outside.js';
import { own, type Place, type Rebuilt, type RecordedEvents } from './recorded.js';

type Of<T extends RolloutEvent['type']> = Extract<RolloutEvent, { readonly type: T }>;

/** The input that the event at that place answers, when it is not the rollout's own course. */
export function inputAt(place: Place): Rebuilt {
  const { state, recorded, i } = place;
  const [event, meta] = [recorded.events[i], recorded.meta[i]];
  if (event === undefined || meta === undefined) return { lacks: 'there is no event' };
  if (meta.cause.startsWith('command:') || meta.cause.startsWith('policy:'))
    return commandAt(state, recorded, i) ?? noInput(event);
  return ofTarget(place, event) ?? ofOthers(place, event) ?? outsideAt(place, event) ?? spoken(place, event);
}

/** What was said to a rollout in tests and old logs has other causes than today's. */
const spoken = ({ state, recorded, i }: Place, event: RolloutEvent): Rebuilt =>
  commandAt(state, recorded, i) ?? noInput(event);

const noInput = (event: RolloutEvent): Rebuilt => ({ lacks: `nothing says what ${event.type} answers` });

function ofTarget(place: Place, event: RolloutEvent): Rebuilt | undefined {
  const by = place.recorded.meta[place.i]?.by.kind;
  switch (event.type) {
    case 'StepSucceeded':
    case 'StepFailed':
      return by === 'agent' ? reportAt(place, event) : ofStep(place, event);
    case 'DrainSkipped': {
      const { target, n, step, words } = event;
      return own({ type: 'balanced', target, n, step, ms: 0, outcome: { kind: 'down', words } });
    }
    case 'TargetUnknown': {
      const { target, n, code } = event;
      return code === 'DEADLINE' ? { input: { type: 'tick' }, from: 'state' } : own({ type: 'unreachable', target, n });
    }
    case 'TargetsLost':
      return { input: { type: 'tick' }, from: 'state' };
    case 'TargetsSilent':
      return heartbeat(place, 'HostsSilent', event.targets);
    case 'TargetsHeard':
      return heartbeat(place, 'HostsHeard', event.targets);
    default:
      return undefined;
  }
}

/** Told by the executor: by a balancer, or because the agent will not or did not begin. */
function ofStep({ state, recorded, i }: Place, event: Of<'StepSucceeded' | 'StepFailed'>): Rebuilt {
  const { target, n, step, ms } = event;
  const balanced = (outcome: Extract<RolloutInput, { readonly type: 'balanced' }>['outcome']): Rebuilt =>
    step === 'drain' || step === 'enable'
      ? own({ type: 'balanced', target, n, step, ms, outcome })
      : { impossible: `no balancer does ${step}` };
  if (event.type === 'StepSucceeded') return balanced({ kind: 'done' });
  const { code, message } = event;
  if (code === 'NEVER_STARTED') return own({ type: 'neverSeen', target, n });
  if (code === 'DEPENDENCY_DOWN') return balanced({ kind: 'down', words: message });
  const attempt = attemptOf(state, target);
  const atBalancer = attempt !== undefined && legOf(planOf(state), attempt).place === 'balancer';
  const isOfBalancer = recorded.meta[i]?.cause.startsWith('balancer:') === true;
  return atBalancer && isOfBalancer
    ? balanced({ kind: 'refused', code, message })
    : own({ type: 'refused', target, n, code, message });
}

/** The agent's report, as far as it was news: what it repeats is quiet. */
function reportAt({ state, recorded, i }: Place, event: Of<'StepSucceeded' | 'StepFailed'>): Rebuilt {
  const { target, n } = event;
  const cause = recorded.meta[i]?.cause ?? '';
  const attempt = attemptOf(state, target);
  if (attempt === undefined) return { impossible: `no attempt of ${hostAt(state, target)} was under way` };
  const legs = legsOf(planOf(state), attempt).filter(({ place }) => place === 'agent');
  const leg = legs.findLast(({ from }) => from <= attempt.next) ?? { from: 0, steps: attempt.steps };
  const known = leg.steps.slice(0, attempt.next - leg.from).map((step): StepReport => ({ step, ok: true, ms: 0 }));
  const steps = [...known, ...reportedFrom(recorded, i)];
  const report: RunReport = {
    v: 1,
    host: hostAt(state, target),
    rollout: planOf(state).rolloutId,
    attempt: cause,
    target,
    kind: attempt.run,
    n,
    token: state.token,
    final: steps.some(({ ok }) => !ok) || steps.length >= leg.steps.length,
    steps,
  };
  return own({ type: 'report', report });
}

type Result = Of<'StepSucceeded' | 'StepFailed'>;

const isResult = (event: RolloutEvent | undefined): event is Result =>
  event?.type === 'StepSucceeded' || event?.type === 'StepFailed';

/** The results of the same report, up to the one that failed. */
function reportedFrom(recorded: RecordedEvents, first: number): readonly StepReport[] {
  const head = recorded.events[first];
  const results: Result[] = [];
  for (let i = first; i < recorded.events.length; i += 1) {
    const event = recorded.events[i];
    if (!isResult(event) || !isResult(head) || event.target !== head.target || !isOneReport(recorded, first, i)) break;
    results.push(event);
  }
  const failed = results.findIndex(({ type }) => type === 'StepFailed');
  return results.slice(0, failed < 0 ? undefined : failed + 1).map(stepReport);
}

const isOneReport = ({ meta }: RecordedEvents, first: number, i: number): boolean =>
  meta[i]?.cause === meta[first]?.cause && meta[i]?.by.kind === 'agent';

function stepReport(event: Of<'StepSucceeded' | 'StepFailed'>): StepReport {
  const { step, ms, source, fellBack } = event;
  const sourcing = { ...(source === undefined ? {} : { source }), ...(fellBack === undefined ? {} : { fellBack }) };
  if (event.type === 'StepSucceeded')
    return { step, ok: true, ms, ...(event.note === undefined ? {} : { note: event.note }), ...sourcing };
  const { code, message, serving } = event;
  return { step, ok: false, ms, code, message, serving, ...sourcing };
}

/** The gate saw a superset of them; those that did not count then were left out. */
function heartbeat({ evidence }: Place, type: 'HostsSilent' | 'HostsHeard', targets: readonly number[]): Rebuilt {
  const has = ({ targets: those }: Extract<FleetEvent, { readonly type: typeof type }>): boolean =>
    targets.every((target) => those.includes(target));
  const found = evidence.seen(type).find(has);
  if (found === undefined) return { impossible: `the gate stream has no ${type} with those hosts` };
  return {
    input: { type: type === 'HostsSilent' ? 'silent' : 'heard', targets: found.targets },
    from: 'gate stream',
  };
}

/** What its group, its freezes and the inventory tell it. */
function ofOthers(place: Place, event: RolloutEvent): Rebuilt | undefined {
  const { state, recorded, i } = place;
  const cause = recorded.meta[i]?.cause ?? '';
  switch (event.type) {
    case 'RolloutStarted':
      return started(place, event);
    case 'TargetExcluded':
      return own({ type: 'exclude', host: hostAt(state, event.target), reason: event.reason });
    case 'MembersAdded':
      return own({ type: 'arrival', from: event.from, targets: event.targets });
    case 'RolloutSettling':
      if (event.cause === 'superseded') return own({ type: 'supersede', by: event.by ?? '' });
      return event.cause === 'rejected' ? own({ type: 'drop', reason: event.reason ?? '' }) : undefined;
    case 'RolloutClosed':
      return event.cause === 'superseded' ? own({ type: 'supersede', by: successorIn(event.reason) }) : undefined;
    case 'StagePassed':
      return cause.startsWith('superseded:')
        ? own({ type: 'supersede', by: cause.slice('superseded:'.length) })
        : undefined;
    case 'RolloutFrozen':
    case 'RolloutThawed':
      return own(freezesAt(place));
    default:
      return undefined;
  }
}

const successorIn = (reason = ''): string => reason.replace(/^superseded by /, '');

/** What the group gave, where its stream is at hand; otherwise what the start recorded of it. */
function started({ recorded, i, evidence }: Place, event: Of<'RolloutStarted'>): Rebuilt {
  const lease = evidence.lease();
  if (lease === null) return { impossible: 'its group gave it no lease' };
  const { token, rollbackTo } = lease ?? event;
  return {
    input: { type: 'start', token, ...(rollbackTo === undefined ? {} : { rollbackTo }), ...lossAt(recorded, i) },
    from: lease === undefined ? 'event' : 'group stream',
  };
}

/** The brake of a lost log that came with the start. */
function lossAt({ events, meta }: RecordedEvents, i: number): { readonly loss?: LogLoss } {
  const next = events[i + 1];
  if (next?.type !== 'RolloutBraked' || next.cause.kind !== 'log') return {};
  return meta[i]?.cause === meta[i + 1]?.cause ? { loss: lossIn(next.cause.numbers) } : {};
}

/** The freezes that held then: those that hold on, those that are news; and those that were known to be over. */
function freezesAt({ state, recorded, i }: Place): RolloutInput {
  const news: Of<'RolloutFrozen'>[] = [];
  const over: string[] = [];
  for (let k = i; recorded.meta[k]?.cause === recorded.meta[i]?.cause; k += 1) {
    const event = recorded.events[k];
    if (event?.type === 'RolloutFrozen') news.push(event);
    else if (event?.type === 'RolloutThawed') over.push(event.freeze);
    else break;
  }
  const kept = [...state.freezes.values()].filter(
    ({ freeze }) => !over.includes(freeze) && !news.some((each) => each.freeze === freeze),
  );
  const held = [...kept, ...news.map(({ freeze, until, words }) => ({ freeze, until, words }))];
  return { type: 'freezes', freezes: held, over };
}
