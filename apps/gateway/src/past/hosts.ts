import type { Plan } from '@sluice/contracts';
import { type Phase, phaseAt, planOf, type RolloutState } from '@sluice/rollout';

import type { Breath } from './breath.js';

/** A host of a group as the log tells it. */
export interface HostThen {
  readonly host: string;
  /** Null when the log does not say. */
  readonly running: string | null;
  /** The rollout that the log knows it from, and what that one did with it; null for a host that it left alone. */
  readonly rollout: string;
  readonly phase: Phase | null;
  readonly site?: string;
}

/** What a rollout says that runs on a target; `running` is undefined where an older one may know. */
interface Told {
  readonly running: string | null | undefined;
  readonly phase: Phase | null;
}

/** From here on a host has the files of the new version, and nothing else. */
const HAS_NEW: ReadonlySet<Phase> = new Set<Phase>(['verifying', 'verified', 'enabling', 'done', 'skipped']);
/** Until then it runs what it ran. */
const IN_FIRST_STEPS: ReadonlySet<Phase> = new Set<Phase>(['probing', 'draining', 'downloading']);
/** Steps that a failed target had not got beyond: it has what it had before, or the new version. */
const FAILED_BEFORE: ReadonlySet<string> = new Set(['drain', 'download']);
const FAILED_AFTER: ReadonlySet<string> = new Set(['verify', 'enable']);

/**
 * The hosts of a group, put together from its rollouts, the newest first: each host by the newest rollout that says what
 * runs there. Who its members are is told by the newest plan that was made for all of them and those after it; who joined
 * or left since is not in the log.
 */
export class HostsOfGroup {
  private readonly known = new Map<string, HostThen>();
  /** Members of which no rollout has said yet what they run. */
  private readonly open = new Map<string, HostThen>();
  private readonly gone = new Set<string>();
  private isWhole = false;

  /** False once nothing more is to be learnt from older ones. */
  get wantsMore(): boolean {
    return !this.isWhole || this.open.size > 0;
  }

  /** A rollout that is older than those before. */
  async add(state: RolloutState, breath: Breath): Promise<void> {
    const plan = planOf(state);
    if (plan.traffic !== undefined || plan.ramp !== undefined) return;
    for (let index = 0; index < state.targets.length; index += 1) {
      this.addTarget(state, index);
      await breath.after(1);
    }
    const beside = { rollout: plan.rolloutId, phase: null };
    for (const [host, running] of state.joined) this.tell({ host, ...beside }, running ?? undefined);
    for (const { host } of plan.leftOut) if (host !== '*') this.tell({ host, ...beside }, undefined);
    this.isWhole ||= isForAll(plan);
  }

  /** By name. */
  all(): readonly HostThen[] {
    return [...this.known.values(), ...this.open.values()].toSorted((a, b) => (a.host < b.host ? -1 : 1));
  }

  private addTarget(state: RolloutState, index: number): void {
    const target = state.targets[index];
    if (target === undefined) return;
    const { host, site } = target;
    if (state.left.has(index)) {
      if (!this.known.has(host)) this.gone.add(host);
      return;
    }
    const { rolloutId: rollout } = planOf(state);
    const { running, phase } = toldOf(state, index);
    this.tell({ host, rollout, phase, ...(site === undefined ? {} : { site }) }, running);
  }

  private tell(told: Omit<HostThen, 'running'>, running: string | null | undefined): void {
    const { host } = told;
    if (this.known.has(host) || this.gone.has(host)) return;
    const before = this.open.get(host);
    // Not named by the newest plan for all, nor behind it: no member any more.
    if (before === undefined && this.isWhole) return;
    if (running === undefined) {
      if (before === undefined) this.open.set(host, { ...told, running: null });
      return;
    }
    this.open.delete(host);
    this.known.set(host, { ...(before ?? told), running });
  }
}

const isForAll = ({ strategy, labels }: Plan): boolean =>
  strategy !== 'rollback' && strategy !== 'scaleOut' && labels === undefined;

function toldOf(state: RolloutState, index: number): Told {
  const phase = phaseAt(state, index);
  const failed = failedStep(state, index);
  if (HAS_NEW.has(phase) || FAILED_AFTER.has(failed)) return { running: planOf(state).version, phase };
  const inFirstSteps = IN_FIRST_STEPS.has(phase) || FAILED_BEFORE.has(failed);
  // In the middle of an install nobody can say; nor after a try that may have come that far.
  const hasOld = (state.attempts[index] ?? 0) <= (inFirstSteps ? 1 : 0);
  return { running: hasOld ? state.targets[index]?.from : null, phase };
}

const failedStep = (state: RolloutState, index: number): string =>
  phaseAt(state, index) === 'failed' ? (state.failures.get(index)?.step ?? '') : '';
