import { compares, type DecidedAgain, type Decision, type Explanation, type Threshold } from '@sluice/contracts';
import type { AgainTally } from '@sluice/decisions';

import { offsetOf } from '../timeline/time.js';
import { instant, pairs } from '../output/table.js';

/** A decision, and what came of it when it was decided again. */
export interface ExplainedDecision extends Decision {
  readonly again?: Pick<DecidedAgain, 'verdict' | 'words' | 'from'>;
}

/** `+00:04.1  12.3    brake      braked: budget: lost 3 - written off 0 = 3 >= limit 3 ...`. */
export function decisionLine(decision: ExplainedDecision, since: number): readonly string[] {
  const { at, kind, outcome, arithmetic, reason, doubt, again } = decision;
  const why = reason === undefined ? '' : ` (${reason})`;
  const line = `${offsetOf(at - since).padStart(9)}  ${placeOf(decision).padEnd(9)}  ${kind.padEnd(9)}  ${outcome}: ${arithmetic}${why}`;
  return [
    line,
    ...(doubt === undefined ? [] : [`${INDENT}DOUBT: ${doubt}`]),
    ...(isWorthALine(decision) && again !== undefined ? [`${INDENT}${againInWords(again)}`] : []),
  ];
}

/** That a plan cannot be decided again is said once, at the end. */
const isWorthALine = ({ again, kind }: ExplainedDecision): boolean =>
  again?.verdict === 'differs' || (again?.verdict === 'undecidable' && kind !== 'plan');

const INDENT = ' '.repeat(33);

/** The writer is told where it is not the executor's own stream of the rollout. */
const placeOf = ({ writer, rev, index }: Decision): string => `${writer === 'exec' ? '' : `${writer}:`}${rev}.${index}`;

/** One decision with all that it was decided on. */
export function decisionText(decision: ExplainedDecision): readonly string[] {
  const { id, at, position, by, cause, again, kind, outcome } = decision;
  return [
    `${instant(at)}  ${id}  ${kind}: ${outcome}`,
    ...pairs([
      ...explanationRows(decision),
      ['decided', `by ${by.kind}:${by.id}, on ${cause || 'nothing'}, at position ${position}`],
      ['again', again === undefined ? undefined : againInWords(again)],
    ]).map((line) => `  ${line}`),
  ];
}

export function explanationRows(why: Explanation): readonly (readonly [string, string | undefined])[] {
  const { rule, inputs, threshold, arithmetic, reason, doubt } = why;
  const numbers = Object.entries(inputs).map(([name, value]) => `${name} ${value}`);
  return [
    ['rule', rule],
    ['from', numbers.length === 0 ? undefined : numbers.join(', ')],
    ['limit', threshold === undefined ? undefined : askedOf(threshold)],
    ['so', arithmetic],
    ['reason', reason],
    ['DOUBT', doubt],
  ];
}

/** What the rule asks for, which is not always the case. */
function askedOf({ name, op, value, actual }: Threshold): string {
  return `${actual} ${op} ${name} ${value}${compares(actual, op, value) ? '' : ' does not hold'}`;
}

const FROM = {
  state: 'the state and the time alone',
  event: 'what the event says of it',
  'plan stream': 'the plan',
  'gate stream': "the gates' own stream",
  'group stream': "the group's own stream",
} as const;

function againInWords({ verdict, words, from }: NonNullable<ExplainedDecision['again']>): string {
  if (verdict === 'undecidable') return `not decidable: ${words}`;
  return verdict === 'same' ? `${words}, from ${FROM[from]}` : `DIFFERS: ${words}`;
}

/** `143 decisions decided again: 141 the same byte for byte, 2 DIFFER; 3 cannot be decided again: ...`. */
export function tallyText(tally: AgainTally): readonly string[] {
  const { decided, same, differs, undecidable, reasons, inputs } = tally;
  const from = Object.entries(inputs).map(([origin, count]) => `${count} from ${FROM[origin as keyof typeof FROM]}`);
  return [
    differs === 0
      ? `${decided} decisions decided again: the same, byte for byte (${from.join(', ') || 'none'})`
      : `${decided} decisions decided again: ${same} the same, ${differs} DIFFER from what is recorded`,
    ...(undecidable === 0 ? [] : [`${undecidable} cannot be decided again:`]),
    ...Object.entries(reasons).map(([words, count]) => `  ${count}  ${words}`),
  ];
}

/** Why it does not go on, in the words of decisions. */
export const standingText = (standing: Explanation, when: string): readonly string[] => [
  `${when}: ${standing.outcome}`,
  ...pairs(explanationRows(standing)).map((line) => `  ${line}`),
];
