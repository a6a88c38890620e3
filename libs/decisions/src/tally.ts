import type { DecidedAgain, InputOrigin } from '@sluice/contracts';

/** Reasons that are told apart; more are counted together. */
const MAX_REASONS = 100;

/** How many decisions were decided again, what came of it, and what was put into them. */
export interface AgainTally {
  readonly decided: number;
  readonly same: number;
  readonly differs: number;
  readonly undecidable: number;
  /** Why the undecidable ones are, and how many each. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly inputs: Readonly<Partial<Record<InputOrigin, number>>>;
}

/** Counts; nothing is kept of what was counted. */
export class Tally {
  private readonly verdicts = { same: 0, differs: 0, undecidable: 0 };
  private readonly reasons = new Map<string, number>();
  private readonly inputs = new Map<InputOrigin, number>();

  add(again: readonly DecidedAgain[]): void {
    for (const { verdict, words, from } of again) {
      this.verdicts[verdict] += 1;
      if (verdict === 'undecidable') {
        const reason = this.reasons.size < MAX_REASONS || this.reasons.has(words) ? words : 'other reasons';
        this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
      } else this.inputs.set(from, (this.inputs.get(from) ?? 0) + 1);
    }
  }

  get result(): AgainTally {
    const { same, differs, undecidable } = this.verdicts;
    return {
      decided: same + differs,
      ...{ same, differs, undecidable },
      reasons: Object.fromEntries(this.reasons),
      inputs: Object.fromEntries(this.inputs),
    };
  }
}
