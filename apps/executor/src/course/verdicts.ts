import type { GateJudged } from '@sluice/contracts';

/** Verdicts of one rollout that are kept; a stage asks a handful of gates. */
const MAX_KEPT = 64;

/** Verdicts that were read while the log is folded: they are told once the engine drives. */
export class VerdictBuffer {
  private readonly byRollout = new Map<string, GateJudged[]>();

  add(id: string, judged: GateJudged): void {
    const kept = this.byRollout.get(id) ?? [];
    this.byRollout.set(id, [...kept, judged].slice(-MAX_KEPT));
  }

  clear(): void {
    this.byRollout.clear();
  }

  take(id: string): readonly GateJudged[] {
    const kept = this.byRollout.get(id) ?? [];
    this.byRollout.delete(id);
    return kept;
  }
}
