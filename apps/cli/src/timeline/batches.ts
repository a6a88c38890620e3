import { type Plan, stageAt, type StepName } from '@sluice/contracts';

import { lengthOf } from './time.js';

interface Progress {
  readonly enteredAt: number;
  readonly done: Set<number>;
  readonly held: Set<number>;
  readonly failed: Set<number>;
  local: number;
  waived: number;
}

const fresh = (at: number): Progress => ({
  enteredAt: at,
  done: new Set(),
  held: new Set(),
  failed: new Set(),
  local: 0,
  waived: 0,
});

/** Steps of a batch taken together: one line says what came of it, not five for each host. */
export class Batches {
  private current = fresh(0);
  private index = 0;

  constructor(private readonly plan: () => Plan | undefined) {}

  name(index: number): string {
    const plan = this.plan();
    return (plan === undefined ? undefined : stageAt(plan, index)?.name) ?? `stage ${index + 1}`;
  }

  /** Targets [from, to) of the stage; empty when the plan is not known. */
  span(index: number): readonly [from: number, to: number] {
    const plan = this.plan();
    const stage = plan === undefined ? undefined : stageAt(plan, index);
    return stage === undefined ? [0, 0] : [stage.from, stage.to];
  }

  enter(index: number, at: number): void {
    this.index = index;
    this.current = fresh(at);
  }

  stepSucceeded(target: number, step: StepName, note: 'local' | 'waived' | undefined): void {
    if (note === 'local') this.current.local += 1;
    if (note === 'waived') this.current.waived += 1;
    if (step === 'verify' && target < (this.plan()?.canaries ?? 0)) this.current.held.add(target);
    if (step !== 'enable' && step !== 'probe') return;
    this.current.done.add(target);
    this.current.held.delete(target);
    this.current.failed.delete(target);
  }

  stepFailed(target: number): void {
    this.current.failed.add(target);
    this.current.held.delete(target);
  }

  /** `batch 2: 3 of 3 done in 4.1 s`. */
  settledInWords(index: number, at: number): string {
    const { enteredAt } = this.current;
    const [from, to] = this.span(index);
    const took = index === this.index && enteredAt > 0 ? ` in ${lengthOf(at - enteredAt)}` : '';
    return `${this.name(index)}: ${outcomeInWords(this.current, to > from ? ` of ${to - from}` : '')}${took}`;
  }
}

function outcomeInWords({ done, held, failed, local, waived }: Progress, of: string): string {
  const told = [
    [done.size, `${done.size}${of} done`],
    [held.size, `${held.size}${done.size > 0 ? '' : of} verified and held`],
    [failed.size, `${failed.size} failed`],
    [local, `${local} without a download`],
    [waived, `verify waived on ${waived}`],
  ] as const;
  const words = told.filter(([count]) => count > 0).map(([, text]) => text);
  return done.size + held.size === 0 ? [`0${of} done`, ...words].join(', ') : words.join(', ');
}
