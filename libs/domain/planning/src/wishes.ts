import type {
  BuiltInGate,
  DeployRequest,
  Environment,
  Fault,
  GateName,
  GroupEntry,
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
  DEFAULT_GATES,
  DEFAULT_MODE,
  DEFAULT_START_TIMEOUT_MS,
  DEFAULT_TAIL_FROM,
  DEFAULT_VERIFY,
  ENVIRONMENT_DEFAULTS,
  MAX_DRAIN_WINDOW_MS,
  MAX_START_TIMEOUT_MS,
} from './defaults.js';
import { durationOr, type FaultList, faultList } from './faults.js';
import { type StepWishes, stepWishesOf } from './step-wishes.js';

/** A request with every default filled in. */
export interface Wishes {
  readonly environment: Environment;
  readonly strategy: Exclude<Strategy, 'rollback'>;
  readonly rule: BatchRule;
  readonly waits: PlanWaits;
  readonly approvals: 'required' | 'policy';
  readonly mode: RolloutMode;
  readonly gates: readonly GateName[];
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
  const wishes: Wishes = {
    environment,
    ...behaviourOf(list, request, environment),
    rule,
    waits: waitsOf(list, request, environment),
    steps,
    verify: verifyOf(list, request, group, startTimeoutMs),
    drainWindowMs,
    attemptDeadlineMs: attemptDeadlineMs(startTimeoutMs, drainWindowMs, steps.deadlinesMs),
  };
  return { wishes, faults: list.faults };
}

type Behaviour = Pick<Wishes, 'strategy' | 'approvals' | 'mode' | 'gates' | 'onCanaryFailure'>;

function behaviourOf(list: FaultList, request: DeployRequest, environment: Environment): Behaviour {
  const defaults = ENVIRONMENT_DEFAULTS[environment];
  const strategy = request.strategy ?? defaults.strategy;
  refuseMisfits(list, request, strategy);
  return {
    strategy,
    // A proven version waits for nobody (TAR-45).
    approvals: strategy === 'scaleOut' ? 'policy' : (request.approvals?.batches ?? defaults.approvals),
    mode: request.mode ?? DEFAULT_MODE,
    gates: request.gates?.filter((gate): gate is BuiltInGate => typeof gate === 'string') ?? DEFAULT_GATES,
    onCanaryFailure: request.onCanaryFailure ?? 'hold',
  };
}

/** What the strategy cannot do. */
function refuseMisfits(list: FaultList, request: DeployRequest, strategy: Wishes['strategy']): void {
  if (strategy !== 'canary' && request.canary?.host !== undefined) {
    const message = `strategy ${strategy} has no canary: leave the host out, or use strategy canary`;
    list.add('/canary/host', 'CANARY_NOT_USED', message);
  }
  if (request.mixedVersions === 'forbidden') {
    const why = `strategy ${strategy} goes host by host, so old and new serve side by side for a time`;
    list.add(
      '/mixedVersions',
      'MIXED_VERSIONS',
      `${why}: only a switch of all traffic at once could avoid it; allow it`,
    );
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
