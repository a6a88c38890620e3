import type {
  DecidedAgain,
  Decision,
  EventMeta,
  FleetEvent,
  GateJudged,
  RolloutEvent,
  TracedCommit,
} from '@sluice/contracts';

import type { Machine, Turn } from '../fixtures/machine.js';
import type { RolloutInput } from '../inputs.js';
import type { Evidence } from './again/recorded.js';
import { RolloutTrace } from './trace.js';

const EXECUTOR = { id: 'executor', kind: 'service' } as const;

/** What the executor writes down of who and why. */
function metaOf(input: RolloutInput, n: number): EventMeta {
  const corr = 'q1';
  switch (input.type) {
    case 'report':
      return { by: { id: input.report.host, kind: 'agent' }, cause: input.report.attempt, corr };
    case 'command':
      return { by: input.actor, cause: `command:${n}`, corr };
    case 'supersede':
      return { by: EXECUTOR, cause: `superseded:${input.by}`, corr };
    case 'trafficTrouble':
      return { by: EXECUTOR, cause: `dependency:${input.dependency}`, corr };
    case 'balanced':
      return { by: EXECUTOR, cause: 'balancer:edge', corr };
    default:
      return { by: EXECUTOR, cause: `timer:${input.type}`, corr };
  }
}

const ofCourse = (event: RolloutEvent, meta: EventMeta): EventMeta =>
  event.type === 'ApprovalGranted' ? { ...meta, by: { id: 'plan', kind: 'policy' } } : { ...meta, by: EXECUTOR };

/** The history of a machine as the log would hold it: a commit for each input that had an effect. */
export function commitsOf(machine: Machine): TracedCommit[] {
  const stream = machine.state.plan?.rolloutId ?? '';
  const begun = machine.turns[0]?.from ?? machine.events.length;
  const place = { stream, position: 1, at: machine.times[0] ?? 0 };
  const planned = machine.events.slice(0, begun);
  const commits: TracedCommit[] = [
    { ...place, writer: 'plan', rev: 1, events: planned, meta: planned.map(() => metaOf({ type: 'tick' }, 0)) },
  ];
  machine.turns.forEach((turn, n) => {
    const end = machine.turns[n + 1]?.from ?? machine.events.length;
    const events = machine.events.slice(turn.from, end) as readonly RolloutEvent[];
    if (events.length === 0) return;
    const own = metaOf(turn.input, n);
    const meta = events.map((event, i) => (i < turn.own ? own : ofCourse(event, own)));
    const rev = commits.length;
    commits.push({ writer: 'exec', stream, rev, position: rev + 1, at: turn.at, events, meta });
  });
  return commits;
}

/** What gates and heartbeats said in all of it. */
export function evidenceOf(turns: readonly Turn[]): Evidence {
  const judged: GateJudged[] = [];
  const seen: FleetEvent[] = [];
  for (const { input } of turns) {
    if (input.type === 'verdict') judged.unshift(input.judged);
    if (input.type === 'silent') seen.unshift({ type: 'HostsSilent', targets: input.targets, afterMs: 1 });
    if (input.type === 'heard') seen.unshift({ type: 'HostsHeard', targets: input.targets });
    if (input.type === 'seen') seen.unshift({ type: 'MembersSeen', members: input.members });
  }
  return {
    verdicts: ({ stage, round, gate, phase }) =>
      judged.filter(
        (each) => each.stage === stage && each.round === round && each.gate === gate && each.phase === phase,
      ),
    seen: <T extends FleetEvent['type']>(type: T) =>
      seen.filter((event): event is Extract<FleetEvent, { readonly type: T }> => event.type === type),
    lease: () => undefined,
  };
}

export interface Retraced {
  readonly decisions: readonly Decision[];
  readonly again: readonly DecidedAgain[];
  /** What differs, cannot be decided, is doubted, or whose words do not hold: none in an honest history. */
  readonly wrong: readonly string[];
}

/** Explains a machine's history and decides all of it again. */
export function retraced(machine: Machine, commits: readonly TracedCommit[] = commitsOf(machine)): Retraced {
  const trace = new RolloutTrace({ again: evidenceOf(machine.turns) });
  const decisions: Decision[] = [];
  const again: DecidedAgain[] = [];
  for (const commit of commits) {
    const traced = trace.add(commit);
    decisions.push(...traced.decisions);
    again.push(...traced.again);
  }
  const wrong = [
    ...again.filter(({ verdict }) => verdict !== 'same').map(({ verdict, words }) => `${verdict}: ${words}`),
    ...decisions.filter(isDoubted).map(({ id, type, doubt }) => `${id} ${type}: ${doubt}`),
    ...decisions.filter(({ arithmetic }) => !isSound(arithmetic)).map(({ id, arithmetic }) => `${id}: ${arithmetic}`),
  ];
  return { decisions, again, wrong };
}

/** Plans of these fixtures have no hash of their own. */
const isDoubted = ({ doubt, type }: Decision): boolean => doubt !== undefined && type !== 'RolloutPlanned';

const RELATION = /^(?:(.+?) = )?(?:[^\d<>=]+ )?(-?\d+) (<=|>=|<|>|=) [^\d<>=]+ (-?\d+)/;

/** Whether every relation in the words, and every sum, is so. */
export const isSound = (words: string): boolean => words.split(/[;:] /).every(isSoundPart);

function isSoundPart(part: string): boolean {
  const [, terms, total, op = '=', limit] = RELATION.exec(part) ?? [];
  if (total === undefined) return true;
  return (terms === undefined || sumOf(terms) === Number(total)) && holds(Number(total), op, Number(limit));
}

/** `lost 3 - written off 1`. */
function sumOf(terms: string): number {
  const [first = '', ...rest] = terms.split(/ ([+-]) /);
  const numberIn = (term = ''): number => Number(/-?\d+$/.exec(term)?.[0] ?? Number.NaN);
  let sum = numberIn(first);
  for (let i = 0; i < rest.length; i += 2) sum += (rest[i] === '-' ? -1 : 1) * numberIn(rest[i + 1]);
  return sum;
}

function holds(a: number, op: string, b: number): boolean {
  switch (op) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    default:
      return a === b;
  }
}
