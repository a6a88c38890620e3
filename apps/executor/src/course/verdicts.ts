import type { GateEvent, GateJudged } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';
import type { RolloutInput } from '@sluice/rollout';

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

/**
 * What a gate event says to its rollout; nothing for what is only told to people. The gate says what it sees of the
 * fleet again as long as the rollout does not show it, so only verdicts have to be kept for later.
 */
export function inputOfGate(event: GateEvent): RolloutInput | undefined {
  switch (event.type) {
    case 'GateJudged':
      return { type: 'verdict', judged: event };
    case 'HostsSilent':
      return { type: 'silent', targets: event.targets };
    case 'HostsHeard':
      return { type: 'heard', targets: event.targets };
    case 'MembersSeen':
      return { type: 'seen', members: event.members };
    case 'DriftSeen':
      return undefined;
    default:
      return unreachable(event, 'gate event');
  }
}

/** What the log names as the cause of what follows from an input of our own. */
export function causeOf(input: RolloutInput): string {
  switch (input.type) {
    case 'verdict':
      return `verdict:${input.judged.gate}:${input.judged.stage}:${input.judged.round}`;
    case 'silent':
    case 'heard':
    case 'seen':
      return `heartbeats:${input.type}`;
    default:
      return `timer:${input.type}`;
  }
}
