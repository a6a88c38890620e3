import type { Actor } from '@sluice/kernel';

import type { DomainEvent, EventMeta } from './events/index.js';
import type { Writer } from './subjects.js';

/** What a decision is about. `hold`: something does not go on, or goes on again. `failure`: a target, not the rollout. */
export const DECISION_KINDS = [
  'plan',
  'refusal',
  'lease',
  'stage',
  'admission',
  'skip',
  'failure',
  'member',
  'gate',
  'approval',
  'hold',
  'brake',
  'release',
  'steering',
  'traffic',
  'ramp',
  'rollback',
  'end',
] as const;

export type DecisionKind = (typeof DECISION_KINDS)[number];

export type Comparison = '<' | '<=' | '=' | '>=' | '>';

/** `actual` is compared with `value`: "lost 3 >= limit 3" is {name: 'limit', op: '>=', value: 3, actual: 3}. */
export interface Threshold {
  readonly name: string;
  readonly op: Comparison;
  readonly value: number;
  readonly actual: number;
}

/** What was decided, by which rule, from which numbers. */
export interface Explanation {
  readonly kind: DecisionKind;
  /** In a few words: "braked", "3 admitted", "granted". */
  readonly outcome: string;
  /** The rule as the documentation has it. */
  readonly rule: string;
  readonly inputs: Readonly<Record<string, number | string>>;
  /** Absent where nothing is compared. */
  readonly threshold?: Threshold;
  /** The rule with its numbers; they satisfy the relation that it states. */
  readonly arithmetic: string;
  /** What a person said, or the event itself. */
  readonly reason?: string;
  /** What is recorded is not what the log before it makes. */
  readonly doubt?: string;
}

/** Event `index` (from 0) of commit `rev` of the stream `<writer>.<stream>`. */
export interface DecisionPlace {
  readonly writer: Writer;
  readonly stream: string;
  readonly rev: number;
  readonly index: number;
}

/** An explanation with its place. */
export interface Decision extends Explanation, DecisionPlace {
  /** `<stream>:<rev>.<index>`, with the writer before it unless that is `exec`. */
  readonly id: string;
  readonly position: number;
  /** ms since the epoch. */
  readonly at: number;
  readonly type: DomainEvent['type'];
  readonly by: Actor;
  /** The input that it answers. */
  readonly cause: string;
}

export interface Term {
  readonly name: string;
  readonly value: number;
  /** It is taken away. */
  readonly minus?: true;
}

/** `op` is the relation that the rule asks for. */
export interface Sum {
  readonly terms: readonly Term[];
  readonly op: Comparison;
  readonly limit: Omit<Term, 'minus'>;
}

const HOLDS: Readonly<Record<Comparison, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '=': (a, b) => a === b,
  '>=': (a, b) => a >= b,
  '>': (a, b) => a > b,
};

/** What is the case when the relation is not. */
const otherwise = (op: Comparison, actual: number, value: number): Comparison => {
  if (op === '=') return actual < value ? '<' : '>';
  return ({ '<': '>=', '<=': '>', '>=': '<', '>': '<=' } as const)[op];
};

export const compares = (actual: number, op: Comparison, value: number): boolean => HOLDS[op](actual, value);

/**
 * A sum against a limit, as a threshold and in words: "lost 3 - written off 1 = 2 >= limit 2". Words say what is the
 * case: where the relation does not hold they have its opposite, and `holds` is false.
 */
export function weigh({ terms, op, limit }: Sum): {
  readonly holds: boolean;
  readonly threshold: Threshold;
  readonly words: string;
} {
  const actual = terms.reduce((sum, { value, minus }) => sum + (minus === true ? -value : value), 0);
  const holds = compares(actual, op, limit.value);
  const said = terms
    .map(({ name, value, minus }, i) => `${i === 0 ? '' : minus === true ? ' - ' : ' + '}${name} ${value}`)
    .join('');
  const total = terms.length > 1 ? `${said} = ${actual}` : said;
  const relation = holds ? op : otherwise(op, actual, limit.value);
  return {
    holds,
    threshold: { name: limit.name, op, value: limit.value, actual },
    words: `${total} ${relation} ${limit.name} ${limit.value}`,
  };
}

/** How a decision is named: `ID:12.3`, or with its writer, `gate.ID:4.0`. */
export const decisionId = ({ writer, stream, rev, index }: DecisionPlace): string =>
  `${writer === 'exec' ? '' : `${writer}.`}${stream}:${rev}.${index}`;

/** A commit as explanations read it, whether it came as bytes or over the API. */
export interface TracedCommit extends Omit<DecisionPlace, 'index'> {
  readonly position: number;
  /** ms since the epoch. */
  readonly at: number;
  readonly events: readonly DomainEvent[];
  readonly meta: readonly EventMeta[];
}

/** Where an input was found: it follows from the state and the time, from the event itself, or from another stream. */
export type InputOrigin = 'state' | 'event' | 'plan stream' | 'gate stream' | 'group stream';

/** What came of deciding again: `count` events from `index` on are one decision. */
export interface DecidedAgain {
  readonly index: number;
  readonly count: number;
  readonly verdict: 'same' | 'differs' | 'undecidable';
  /** What was put into it. */
  readonly from: InputOrigin;
  readonly words: string;
}

export interface Traced {
  readonly decisions: readonly Decision[];
  /** Empty unless it is decided again. */
  readonly again: readonly DecidedAgain[];
}

const UNKNOWN: EventMeta = { by: { id: 'unknown', kind: 'service' }, cause: '', corr: '' };

export const metaAt = ({ meta }: TracedCommit, index: number): EventMeta => meta[index] ?? UNKNOWN;

export function decisionAt(commit: TracedCommit, index: number, why: Explanation): Decision {
  const { writer, stream, rev, position, at, events } = commit;
  const { by, cause } = metaAt(commit, index);
  const place = { writer, stream, rev, index };
  const type = events[index]?.type ?? 'RolloutPlanned';
  return { id: decisionId(place), ...place, position, at, type, by, cause, ...why };
}
