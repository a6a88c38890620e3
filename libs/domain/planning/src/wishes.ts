import type {
  DeployRequest,
  Environment,
  Fault,
  GroupEntry,
  Plan,
  PlanWaits,
  RolloutMode,
  Strategy,
  VerifySpec,
} from '@sluice/contracts';

import { formatDuration } from '@sluice/kernel';

import { BATCH_CAP, type BatchRule, parseBatches } from './batch-rule.js';
import {
  attemptDeadlineMs,
  DEFAULT_DRAIN_WINDOW_MS,
  DEFAULT_MODE,
  DEFAULT_START_TIMEOUT_MS,
  DEFAULT_TAIL_FROM,
  DEFAULT_VERIFY,
  ENVIRONMENT_DEFAULTS,
  MAX_DRAIN_WINDOW_MS,
  MAX_START_TIMEOUT_MS,
} from './defaults.js';
import { durationOr, type FaultList, faultList } from './faults.js';
import { gatesOf } from './gate-wishes.js';
import { refuseRamp } from './ramp-wishes.js';
import { type StepWishes, stepWishesOf } from './step-wishes.js';

/** A request with every default filled in. */
export interface Wishes {
  readonly environment: Environment;
  readonly strategy: Exclude<Strategy, 'rollback'>;
  readonly rule: BatchRule;
  readonly waits: PlanWaits;
  readonly approvals: 'required' | 'policy';
  readonly mode: RolloutMode;
  readonly gates: Pick<Plan, 'gates' | 'gateSpecs'>;
  readonly onCanaryFailure: 'hold' | 'rollback';
  readonly verify: VerifySpec;
  readonly drainWindowMs: number;
  readonly attemptDeadlineMs: number;
  readonly steps: StepWishes;
}

/**
 * Fills in the defaults of the group and of its environment, and lists what makes no sense. Without a group the rules
 * of `test` are taken, so that only what is wrong anywhere is listed beside the missing group.
 */
export function readWishes(
  request: DeployRequest,
  group: GroupEntry | undefined,
): { wishes: Wishes; faults: readonly Fault[] } {
  const list = faultList();
  const environment = group?.environment ?? 'test';
  const startTimeoutMs = startTimeoutOf(list, request.startTimeout);
  const drainWindowMs = drainWindowOf(list, request, group);
  const rule = ruleOf(list, request.batches ?? ENVIRONMENT_DEFAULTS[environment].batches, BATCH_CAP[environment]);
  const steps = stepWishesOf(list, request);
  const waits = waitsOf(list, request, environment);
  const wishes: Wishes = {
    environment,
    ...behaviourOf(list, request, environment),
    gates: gatesOf(list, request.gates, {
      isShift: isShiftStrategy(request.strategy),
      hasHosts: true,
      watchMs: waits.bakeMs,
    }),
    rule,
    waits,
    steps,
    verify: verifyOf(list, request, group, startTimeoutMs),
    drainWindowMs,
    attemptDeadlineMs: attemptDeadlineMs(startTimeoutMs, drainWindowMs, steps.deadlinesMs),
  };
  return { wishes, faults: list.faults };
}

const isShiftStrategy = (strategy: Strategy | undefined): boolean => strategy === 'traffic' || strategy === 'blueGreen';
const hasNoHosts = (strategy: Strategy): boolean => isShiftStrategy(strategy) || strategy === 'ramp';

type Behaviour = Pick<Wishes, 'strategy' | 'approvals' | 'mode' | 'onCanaryFailure'>;

function behaviourOf(list: FaultList, request: DeployRequest, environment: Environment): Behaviour {
  const defaults = ENVIRONMENT_DEFAULTS[environment];
  const strategy = request.strategy ?? defaults.strategy;
  // A shift or a ramp without its group: nothing more can be said of it.
  if (!hasNoHosts(strategy)) refuseMisfits(list, request, strategy);
  return {
    strategy,
    // A proven version waits for nobody (TAR-45).
    approvals: strategy === 'scaleOut' ? 'policy' : (request.approvals?.batches ?? defaults.approvals),
    mode: request.mode ?? DEFAULT_MODE,
    onCanaryFailure: request.onCanaryFailure ?? 'hold',
  };
}

/** What the strategy cannot do. */
function refuseMisfits(list: FaultList, request: DeployRequest, strategy: Wishes['strategy']): void {
  refuseRamp(list, request);
  if (strategy !== 'canary' && request.canary?.host !== undefined) {
    const message = `strategy ${strategy} has no canary: leave the host out, or use strategy canary`;
    list.add('/canary/host', 'CANARY_NOT_USED', message);
  }
  const switchOnly = 'only a switch of all traffic at once, strategy blueGreen of a group with sides, could avoid it';
  if (request.mixedVersions === 'forbidden') {
    const why = `strategy ${strategy} goes host by host, so old and new serve side by side for a time`;
    list.add('/mixedVersions', 'MIXED_VERSIONS', `${why}: ${switchOnly}; allow it, or deploy to such a group`);
  }
  if (request.dataCompatible === 'oneWay') {
    const why = `strategy ${strategy} goes host by host, so that old and new share their data and a way back loses some`;
    const message = `${why}: shift the traffic of a group with sides (strategy traffic, blueGreen or canary), with an approval`;
    list.add('/dataCompatible', 'ONE_WAY_DATA', message);
  }
  if (request.traffic !== undefined) {
    const message = `strategy ${strategy} goes host by host and shifts no traffic: leave it out, or name a group with sides`;
    list.add('/traffic', 'NOT_USED', message);
  }
}

function startTimeoutOf(list: FaultList, text: string | undefined): number {
  const ms = positive(list, '/startTimeout', durationOr(list, '/startTimeout', text, DEFAULT_START_TIMEOUT_MS));
  return atMost(list, '/startTimeout', ms, MAX_START_TIMEOUT_MS);
}

function drainWindowOf(list: FaultList, request: DeployRequest, group: GroupEntry | undefined): number {
  const fallback = group?.drainWindowMs ?? DEFAULT_DRAIN_WINDOW_MS;
  return atMost(
    list,
    '/drainWindow',
    durationOr(list, '/drainWindow', request.drainWindow, fallback),
    MAX_DRAIN_WINDOW_MS,
  );
}

function ruleOf(list: FaultList, text: string, cap: number): BatchRule {
  const parsed = parseBatches(text, cap);
  if (parsed.ok) return parsed.rule;
  list.add('/batches', parsed.code, parsed.message);
  return { kind: 'percent', percent: 0 };
}

function waitsOf(list: FaultList, request: DeployRequest, environment: Environment): PlanWaits {
  const defaults = ENVIRONMENT_DEFAULTS[environment];
  const intervalMs = durationOr(list, '/interval', request.interval, defaults.intervalMs);
  return {
    intervalMs,
    tailIntervalMs: durationOr(list, '/tailInterval', request.tailInterval, intervalMs),
    tailFrom: request.tailFrom ?? DEFAULT_TAIL_FROM,
    bakeMs: durationOr(list, '/bake', request.bake, defaults.bakeMs),
  };
}

function verifyOf(
  list: FaultList,
  request: DeployRequest,
  group: GroupEntry | undefined,
  timeoutMs: number,
): VerifySpec {
  const { interval, ...asked } = request.verify ?? {};
  const base = { ...DEFAULT_VERIFY, ...group?.verify };
  const intervalMs = positive(
    list,
    '/verify/interval',
    durationOr(list, '/verify/interval', interval, base.intervalMs),
  );
  const asksForTime = request.startTimeout !== undefined;
  return {
    ...base,
    ...asked,
    intervalMs,
    timeoutMs: asksForTime ? timeoutMs : (group?.verify?.timeoutMs ?? timeoutMs),
  };
}

function positive(list: FaultList, path: string, ms: number): number {
  if (ms > 0) return ms;
  list.add(path, 'TOO_SHORT', 'must be longer than 0');
  return 1;
}

function atMost(list: FaultList, path: string, ms: number, most: number): number {
  if (ms <= most) return ms;
  list.add(path, 'TOO_LONG', `may last at most ${formatDuration(most)}`);
  return most;
}
