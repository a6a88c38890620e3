import type { GateEvent, GateJudged, RolloutEvent } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';
import type { RolloutInput } from '@sluice/rollout';

/** Verdicts of one rollout that are kept; a stage asks a handful of gates. */
const MAX_KEPT = 64;

/** Verdicts that were read while the log is folded: they are told once the engine drives. */
export class VerdictBuffer {
  private readonly byRollout = new Map<string, GateJudged[]>();

  /** A gate that watches a stage says the same over and over: its last word is kept, and a failure for good. */
  add(id: string, judged: GateJudged): void {
    if (judged.shadow === true) return;
    const kept = this.byRollout.get(id) ?? [];
    const same = kept.find((each) => causeOfVerdict(each) === causeOfVerdict(judged));
    if (same?.verdict === 'fail') return;
    this.byRollout.set(id, [...kept.filter((each) => each !== same), judged].slice(-MAX_KEPT));
  }

  /** What the rollout has recorded is not told it again: an inconclusive gate would be recorded anew at each start. */
  recorded(id: string, event: RolloutEvent): void {
    const kept = this.byRollout.get(id);
    if (event.type !== 'GateRecorded' || kept === undefined) return;
    const isIt = (judged: GateJudged): boolean =>
      causeOfVerdict(judged) === causeOfVerdict(event) &&
      judged.verdict === event.verdict &&
      judged.words === event.words;
    this.byRollout.set(
      id,
      kept.filter((each) => !isIt(each)),
    );
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
 * What a gate event says to its rollout; nothing for what is only told to people or decides nothing. The gate says what it sees of the
 * fleet again as long as the rollout does not show it, so only verdicts have to be kept for later.
 */
export function inputOfGate(event: GateEvent): RolloutInput | undefined {
  switch (event.type) {
    case 'GateJudged':
      return event.shadow === true ? undefined : { type: 'verdict', judged: event };
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
      return causeOfVerdict(input.judged);
    case 'sideSeen':
    case 'sideRetired':
      return `side:${input.side}`;
    case 'weightPublished':
      return `weights:${input.version}`;
    case 'trafficTrouble':
      return `dependency:${input.dependency}`;
    case 'freezes':
      return input.freezes.length === 0 ? 'freezes:none' : `freezes:${input.freezes[0]?.freeze}`;
    case 'silent':
    case 'heard':
    case 'seen':
      return `heartbeats:${input.type}`;
    default:
      return `timer:${input.type}`;
  }
}

const causeOfVerdict = ({
  gate,
  stage,
  round,
  phase,
}: Pick<GateJudged, 'gate' | 'stage' | 'round' | 'phase'>): string =>
  `verdict:${gate}:${stage}:${round}${phase === undefined ? '' : `:${phase}`}`;
