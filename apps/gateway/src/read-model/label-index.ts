import type { RecordedCommit } from '@sluice/contracts';
import type { Actor } from '@sluice/kernel';

import { Lru } from './lru.js';

/** What was said of a rollout last. `at` is ms since the epoch. */
export interface LabelView {
  readonly label: 'good' | 'bad';
  readonly reason: string;
  readonly by: Actor;
  readonly at: number;
  readonly rev: number;
}

/** More are in the log; lists and details then no longer show the oldest. */
const MAX_LABELS = 100_000;

/** The labels that the log has told of, by rollout. */
export class LabelIndex {
  private readonly labels = new Lru<LabelView>(MAX_LABELS);

  forgetAll(): void {
    this.labels.clear();
  }

  apply(commit: RecordedCommit): void {
    if (!isLabel(commit)) return;
    const { at, rev } = commit.head;
    commit.events.forEach(({ rollout, label, reason }, index) => {
      if (rev < (this.labels.get(rollout)?.rev ?? 0)) return;
      const by = commit.meta[index]?.by ?? { id: 'unknown', kind: 'service' };
      if (label === 'none') this.labels.delete(rollout);
      else this.labels.set(rollout, { label, reason, by, at, rev });
    });
  }

  /** As a field of what is told of the rollout; none when nobody said anything. */
  of(rollout: string): { readonly label?: LabelView } {
    const label = this.labels.get(rollout);
    return label === undefined ? {} : { label };
  }
}

const isLabel = (commit: RecordedCommit): commit is RecordedCommit<'label'> => commit.stream.writer === 'label';
