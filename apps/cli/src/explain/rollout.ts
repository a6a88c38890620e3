import {
  type DecidedAgain,
  decisionAt,
  type DecisionKind,
  type GateJudged,
  type RolloutEvent,
  type TracedCommit,
} from '@sluice/contracts';
import { RolloutDecisions, Tally, verifyVerdict } from '@sluice/decisions';

import { EXIT } from '../client/exit.js';
import type { Shell } from '../commands/shell.js';
import { showNext } from '../commands/shell.js';
import { explain, explainedText } from '../output/verdicts.js';
import { eachCommit, type ReadOptions } from './commits.js';
import { decisionLine, decisionText, type ExplainedDecision, standingText, tallyText } from './text.js';

export interface ExplainOptions extends ReadOptions {
  readonly kinds?: ReadonlySet<DecisionKind>;
  readonly limit: number;
  /** Only what stood at that log position, and why nothing went on then. */
  readonly position?: number;
}

/** `ID`, `ID:12`, `ID:12.3`, `gate.ID:4`. */
export interface Asked {
  readonly id: string;
  readonly writer: string;
  readonly rev?: number;
  readonly index?: number;
}

const ASKED = /^(?:(plan|exec|gate|group)\.)?([^:]+)(?::(\d{1,9})(?:\.(\d{1,4}))?)?$/;

export function askedOf(text: string): Asked {
  const [, writer = 'exec', id = text, rev, index] = ASKED.exec(text) ?? [];
  return {
    ...{ id, writer },
    ...(rev === undefined ? {} : { rev: Number(rev) }),
    ...(index === undefined ? {} : { index: Number(index) }),
  };
}

/** Tells why a rollout went as it did, and decides all of it again when that is asked for. Exit 9 when one differs. */
export async function explainRollout(shell: Shell, asked: Asked, options: ExplainOptions): Promise<void> {
  const teller = new Teller(shell, asked, options);
  await eachCommit(shell, asked.id, { ...options, take: (commit) => teller.take(commit) });
  teller.end();
}

class Teller {
  private readonly decisions: RolloutDecisions;
  private readonly tally = new Tally();
  private told = 0;
  private altered = 0;
  private since: number | undefined;
  private isOver = false;
  /** What stood last at the position that is asked for. */
  private last: readonly ExplainedDecision[] = [];
  private lastAt = 0;

  constructor(
    private readonly shell: Shell,
    private readonly asked: Asked,
    private readonly options: ExplainOptions,
  ) {
    this.decisions = new RolloutDecisions({ id: asked.id, again: options.verify === true });
  }

  take(commit: TracedCommit): void {
    if (this.isPast(commit)) return;
    const { decisions, again } = this.decisions.add(commit);
    this.tally.add(again);
    this.since ??= decisions[0]?.at;
    const all = [...decisions.map((each) => withAgain(each, again)), ...differing(commit, decisions, again)];
    this.altered += all.filter(({ again: done, doubt }) => done?.verdict === 'differs' || doubt !== undefined).length;
    if (this.options.position !== undefined) {
      if (decisions.length > 0) [this.last, this.lastAt] = [all, commit.at];
      return;
    }
    for (const decision of all) if (this.isWanted(decision)) this.tell(decision, commit);
    if (commit.writer === this.asked.writer && commit.rev === this.asked.rev) this.standing(commit.at, 'after that');
  }

  end(): void {
    const { asked, options, shell } = this;
    if (options.position !== undefined && !this.isOver) this.atPosition();
    const isPlace = asked.rev !== undefined || options.position !== undefined;
    if (this.told === 0 && shell.format === 'table') shell.out(this.nothing(isPlace));
    if (!isPlace && options.kinds === undefined) this.now();
    if (options.verify === true) this.verified();
  }

  private nothing(isPlace: boolean): string {
    if (isPlace) return 'nothing was decided there';
    return this.options.kinds === undefined ? 'nothing is decided yet' : 'nothing of that kind was decided';
  }

  private verified(): void {
    showNext(this.shell, { again: this.tally.result }, () => tallyText(this.tally.result));
    if (this.altered > 0) this.shell.end(EXIT.altered);
  }

  /** Of a commit behind the position that is asked for nothing is said. */
  private isPast({ position }: TracedCommit): boolean {
    const { position: wanted } = this.options;
    if (wanted === undefined || position <= wanted) return false;
    if (!this.isOver) this.atPosition();
    this.isOver = true;
    return true;
  }

  private atPosition(): void {
    for (const decision of this.last) this.full(decision);
    if (this.last.length > 0) this.standing(this.lastAt, 'after that');
  }

  private isWanted({ kind, writer, rev, index }: ExplainedDecision): boolean {
    const { asked, options } = this;
    if (this.told >= options.limit) return false;
    if (asked.rev !== undefined)
      return writer === asked.writer && rev === asked.rev && (asked.index === undefined || asked.index === index);
    return options.kinds === undefined || options.kinds.has(kind);
  }

  private tell(decision: ExplainedDecision, commit: TracedCommit): void {
    const event = commit.events[decision.index];
    if (event?.type === 'GateJudged' && this.isDetailed(event)) return this.verdict(decision, commit, event);
    if (this.asked.rev !== undefined) return this.full(decision);
    if (event?.type === 'GateRecorded' && this.isRepeated(event, decision)) return;
    this.told += 1;
    showNext(this.shell, decision, () => decisionLine(decision, this.since ?? decision.at));
  }

  /** The gate's own line stands before it with the same words. */
  private isRepeated(
    { verdict }: Extract<RolloutEvent, { readonly type: 'GateRecorded' }>,
    decision: ExplainedDecision,
  ): boolean {
    const isPlain = this.shell.format === 'table' && this.options.kinds === undefined;
    return isPlain && verdict !== 'fail' && decision.doubt === undefined && decision.again?.verdict !== 'differs';
  }

  private full(decision: ExplainedDecision): void {
    this.told += 1;
    showNext(this.shell, decision, () => [...decisionText(decision), '']);
  }

  /** A verdict that lets through, or holds for a while, is a line unless gates are what is asked for. */
  private isDetailed({ verdict }: GateJudged): boolean {
    const isBad = verdict === 'fail' || verdict === 'error';
    return isBad || this.asked.rev !== undefined || this.options.kinds?.has('gate') === true;
  }

  private verdict(decision: ExplainedDecision, { position, at }: TracedCommit, event: GateJudged): void {
    const { plan } = this.decisions.state;
    this.told += 1;
    if (plan === undefined) return;
    const explained = explain({ position, at, by: decision.by, event }, plan, false);
    const verified = this.options.verify === true ? { verified: verifyVerdict(event, plan) } : {};
    showNext(this.shell, { ...decision, event, ...verified }, () => [
      '',
      ...explainedText({ ...explained, ...verified }),
      '',
    ]);
  }

  private standing(now: number, when: string): void {
    const standing = this.decisions.standing(now);
    showNext(this.shell, { standing }, () => standingText(standing, when));
  }

  /** Why it does not go on in this moment, while it is not over. */
  private now(): void {
    if (this.shell.format !== 'table' || this.told === 0 || OVER.has(this.decisions.state.status)) return;
    this.shell.out('');
    this.standing(this.shell.now(), 'now');
  }
}

const OVER: ReadonlySet<string> = new Set(['unplanned', 'succeeded', 'failed', 'cancelled', 'closed']);

const withAgain = (decision: ExplainedDecision, again: readonly DecidedAgain[]): ExplainedDecision => {
  const found = again.find(({ index, count }) => decision.index >= index && decision.index < index + count);
  return found === undefined ? decision : { ...decision, again: found };
};

/** What has no explanation of its own, a result or something that is missing, and is not the same decided again. */
function differing(
  commit: TracedCommit,
  decisions: readonly ExplainedDecision[],
  again: readonly DecidedAgain[],
): readonly ExplainedDecision[] {
  return again.flatMap(({ index, ...done }): readonly ExplainedDecision[] => {
    if (done.verdict === 'same' || decisions.some((each) => each.index === index)) return [];
    const outcome = commit.events[index]?.type ?? 'nothing';
    const why = { kind: 'failure', outcome, rule: 'what is recorded', inputs: {}, arithmetic: 'as recorded' } as const;
    return [{ ...decisionAt(commit, index, why), again: done }];
  });
}
