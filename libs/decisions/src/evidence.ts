import type { FleetEvent, GateEvent, GateJudged, RollbackTarget } from '@sluice/contracts';
import type { Evidence } from '@sluice/rollout';

/** Of each kind. A gate that watches a stage says the same over and over; more than these no rollout has. */
const MAX_KEPT = 50_000;

type Verdict = Pick<GateJudged, 'type' | 'stage' | 'round' | 'gate' | 'verdict' | 'words' | 'phase' | 'shadow'>;

/** What the gate stream of a rollout and its group have said so far; of verdicts not their inputs. */
export class HeldEvidence implements Evidence {
  private readonly judged: GateJudged[] = [];
  private readonly fleet: FleetEvent[] = [];
  private given: ReturnType<Evidence['lease']>;

  gate(event: GateEvent): void {
    if (event.type !== 'GateJudged') this.fleet.unshift(event);
    else if (event.shadow !== true) this.judged.unshift(shortOf(event));
    this.judged.length = Math.min(this.judged.length, MAX_KEPT);
    this.fleet.length = Math.min(this.fleet.length, MAX_KEPT);
  }

  /** Undefined: the group's stream is not at hand. Null: it gave no lease. */
  lease(): ReturnType<Evidence['lease']> {
    return this.given;
  }

  give(lease: { readonly token: number; readonly rollbackTo?: RollbackTarget } | null): void {
    this.given = lease;
  }

  verdicts({ stage, round, gate, phase }: Parameters<Evidence['verdicts']>[0]): readonly GateJudged[] {
    return this.judged.filter(
      (each) => each.stage === stage && each.round === round && each.gate === gate && each.phase === phase,
    );
  }

  seen<T extends FleetEvent['type']>(type: T): readonly Extract<FleetEvent, { readonly type: T }>[] {
    return this.fleet.filter((event): event is Extract<FleetEvent, { readonly type: T }> => event.type === type);
  }
}

/** Inputs hold samples, and nothing of a rollout is decided on them. */
function shortOf({ type, stage, round, gate, verdict, words, phase }: Verdict): GateJudged {
  return {
    ...{ type, stage, round, gate, verdict, words, inputs: {}, policyHash: '' },
    ...(phase === undefined ? {} : { phase }),
  };
}
