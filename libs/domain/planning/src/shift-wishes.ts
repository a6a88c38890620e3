import type { DeployRequest, Environment, GroupEntry, Plan, PlanTraffic, PlanWeight } from '@sluice/contracts';
import { formatDuration } from '@sluice/kernel';

import {
  DEFAULT_PRE_SCALE,
  DEFAULT_READY_WITHIN_MS,
  DEFAULT_WEIGHTS,
  ENVIRONMENT_DEFAULTS,
  MAX_DRAIN_WINDOW_MS,
  MAX_READY_WITHIN_MS,
  SHIFT_DEFAULTS,
  type ShiftStrategy,
} from './defaults.js';
import { durationOr, type FaultList } from './faults.js';
import { refuseRamp } from './ramp-wishes.js';
import { gatesOf } from './gate-wishes.js';

/** What a request wants of a shift, with every default filled in. */
export interface ShiftWishes {
  readonly strategy: ShiftStrategy;
  readonly environment: Environment;
  readonly approvals: 'required' | 'policy';
  readonly gateSpecs: Pick<Plan, 'gateSpecs'>;
  readonly course: Omit<PlanTraffic, 'oldSide' | 'newSide' | 'services' | 'capacity' | 'publish'>;
}

type Asked = Pick<GroupEntry, 'environment' | 'drainWindowMs' | 'sides'>;

/**
 * Reads the wishes of a shift. Codes: STRATEGY_NEEDS_HOSTS, ONE_SWITCH, WEIGHTS_ORDER, WEIGHTS_END, CANARY_WEIGHTS,
 * SMOKE_AT, NO_SMOKE_GATE, DWELL_TWICE, MIXED_VERSIONS, ONE_WAY_DATA, NOT_USED, TOO_SHORT, TOO_LONG and those of gatesOf.
 */
export function readShiftWishes(list: FaultList, request: DeployRequest, group: Asked): ShiftWishes {
  const { environment } = group;
  const strategy = strategyOf(list, request);
  refuseUnused(list, request, strategy);
  const weights = weightsOf(list, request, strategy);
  const dwellMs = dwellOf(list, request, strategy, environment);
  const hasHosts = group.sides?.services.some(({ groups }) => groups !== undefined) === true;
  const { gateSpecs } = gatesOf(list, request.gates, { isShift: true, hasHosts, watchMs: dwellMs });
  const approvals = approvalsOf(list, request, strategy, environment);
  refuseMixing(list, request, strategy);
  const smokeAt = smokeAtOf(list, request, weights, gateSpecs ?? []);
  const before = approvals === 'required' ? approvedWeight(request, strategy, weights) : undefined;
  return {
    strategy,
    environment,
    approvals,
    gateSpecs: gateSpecs === undefined ? {} : { gateSpecs },
    course: {
      preScalePercent: request.traffic?.preScale ?? DEFAULT_PRE_SCALE[strategy],
      ...(smokeAt.includes(0) ? darkSmoke(environment) : {}),
      weights: weights.map((weight): PlanWeight => (smokeAt.includes(weight) ? { weight, smoke: true } : { weight })),
      ...(before === undefined ? {} : { approveBefore: before }),
      dwellMs,
      ...timesOf(list, request, group),
    },
  };
}

/** Nobody waits for a staging side that is scaled up: its tests begin with it (SWB-18). */
const darkSmoke = (environment: Environment): Pick<PlanTraffic, 'smokeDark' | 'smokeEarly'> =>
  environment === 'test' ? { smokeDark: true, smokeEarly: true } : { smokeDark: true };

function strategyOf(list: FaultList, { strategy = 'traffic' }: DeployRequest): ShiftStrategy {
  if (strategy === 'ramp') {
    list.add(
      '/strategy',
      'NO_FLEET',
      'a group with sides is no fleet: use traffic, blueGreen or canary, or name a fleet',
    );
    return 'traffic';
  }
  if (strategy !== 'rolling' && strategy !== 'scaleOut') return strategy;
  const why = `strategy ${strategy} goes host by host, and a group with sides has no hosts of its own`;
  list.add('/strategy', 'STRATEGY_NEEDS_HOSTS', `${why}: use traffic, blueGreen or canary, or name a group of hosts`);
  return 'traffic';
}

/** What is said about hosts: nothing of it would hold here, so it is not taken as if it did. */
const OF_HOSTS = [
  ...(['batches', 'interval', 'tailInterval', 'tailFrom', 'startTimeout', 'ignoreVerify', 'failureThreshold'] as const),
  ...(['extraFailures', 'minServing', 'targets', 'profile', 'verify', 'lb', 'prefetch', 'stepRetries'] as const),
  ...(['onVerifyFailure', 'deadlines'] as const),
];

function refuseUnused(list: FaultList, request: DeployRequest, strategy: ShiftStrategy): void {
  for (const field of OF_HOSTS) {
    if (request[field] === undefined) continue;
    list.add(`/${field}`, 'NOT_USED', 'is said of hosts, and a shift of traffic goes from side to side: leave it out');
  }
  if (request.drainWindow !== undefined)
    list.add('/drainWindow', 'NOT_USED', 'is that of a host: say traffic.drainWindow of the side');
  refuseRamp(list, request);
  if (request.canary?.host !== undefined)
    list.add('/canary/host', 'CANARY_NOT_USED', 'the canary of a group with sides is a share of its traffic: no host');
  if (strategy === 'canary') return;
  for (const field of ['bake', 'onCanaryFailure'] as const)
    if (request[field] !== undefined)
      list.add(`/${field}`, 'NOT_USED', `strategy ${strategy} has no canary: leave it out, or use strategy canary`);
}

function weightsOf(list: FaultList, { traffic }: DeployRequest, strategy: ShiftStrategy): readonly number[] {
  const path = '/traffic/weights';
  const weights = traffic?.weights ?? DEFAULT_WEIGHTS[strategy];
  if (weights.some((weight, i) => i > 0 && weight <= (weights[i - 1] ?? 0)))
    list.add(
      path,
      'WEIGHTS_ORDER',
      `${weights.join(', ')} do not grow from stage to stage: write them in order, each once`,
    );
  if (weights.at(-1) !== 100)
    list.add(path, 'WEIGHTS_END', 'end below 100, so that the old side could never be retired: add 100 as the last');
  if (strategy === 'blueGreen' && weights.length !== 1)
    list.add(
      path,
      'ONE_SWITCH',
      'blueGreen is one switch of all traffic: leave the weights out, or use strategy traffic',
    );
  if (strategy === 'canary' && weights.length < 2)
    list.add(path, 'CANARY_WEIGHTS', 'a canary is a share of the traffic before all of it: say at least two weights');
  return weights;
}

function dwellOf(
  list: FaultList,
  { bake, traffic }: DeployRequest,
  strategy: ShiftStrategy,
  environment: Environment,
): number {
  const own = durationOr(list, '/traffic/dwell', traffic?.dwell, SHIFT_DEFAULTS[environment].dwellMs);
  if (strategy !== 'canary' || (bake === undefined && traffic?.dwell !== undefined)) return own;
  if (bake !== undefined && traffic?.dwell !== undefined)
    list.add('/traffic/dwell', 'DWELL_TWICE', 'bake is how long a canary dwells: say one of the two');
  return durationOr(list, '/bake', bake, ENVIRONMENT_DEFAULTS[environment].bakeMs);
}

function approvalsOf(
  list: FaultList,
  { approvals, dataCompatible }: DeployRequest,
  strategy: ShiftStrategy,
  environment: Environment,
): 'required' | 'policy' {
  const isOneWay = dataCompatible === 'oneWay';
  if (isOneWay && approvals?.batches === 'policy') {
    const why = 'old and new cannot share their data, so that a person has to approve before they both get requests';
    list.add('/approvals/batches', 'ONE_WAY_DATA', `${why}: say required, or leave it out`);
  }
  return approvals?.batches ?? (isOneWay ? 'required' : SHIFT_DEFAULTS[environment].approvals[strategy]);
}

/** A canary is watched, then approved; where data cannot be shared, nothing is watched without an approval (STR-04). */
function approvedWeight(
  { dataCompatible }: DeployRequest,
  strategy: ShiftStrategy,
  [first, second]: readonly number[],
): number | undefined {
  return strategy === 'canary' && dataCompatible !== 'oneWay' ? second : first;
}

function refuseMixing(list: FaultList, { mixedVersions }: DeployRequest, strategy: ShiftStrategy): void {
  if (mixedVersions !== 'forbidden' || strategy === 'blueGreen') return;
  const why = `strategy ${strategy} has stages in which both sides serve`;
  list.add(
    '/mixedVersions',
    'MIXED_VERSIONS',
    `${why}: use blueGreen, which switches all traffic at once, or allow it`,
  );
}

function smokeAtOf(
  list: FaultList,
  { traffic }: DeployRequest,
  weights: readonly number[],
  gateSpecs: NonNullable<Plan['gateSpecs']>,
): readonly number[] {
  const path = '/traffic/smokeAt';
  const hasSmoke = gateSpecs.some(({ measure }) => measure.kind === 'smoke');
  const asked = traffic?.smokeAt;
  if (asked === undefined) return hasSmoke ? [0, ...weights.slice(0, 1)] : [];
  if (!hasSmoke) list.add(path, 'NO_SMOKE_GATE', 'there is no smoke gate to judge then: add one to the gates');
  const odd = asked.filter((weight) => weight !== 0 && !weights.includes(weight));
  if (odd.length > 0) {
    const message = `no stage has the weight ${odd.slice(0, 5).join(', ')}: say 0 or one of ${weights.join(', ')}`;
    list.add(path, 'SMOKE_AT', message);
  }
  return asked;
}

function timesOf(
  list: FaultList,
  { traffic }: DeployRequest,
  { environment, drainWindowMs }: Asked,
): Pick<PlanTraffic, 'readyWithinMs' | 'drainWindowMs'> {
  const drain = '/traffic/drainWindow';
  const usual = drainWindowMs ?? SHIFT_DEFAULTS[environment].drainWindowMs;
  const readyMs = durationOr(list, '/traffic/readyWithin', traffic?.readyWithin, DEFAULT_READY_WITHIN_MS);
  const drainMs = durationOr(list, drain, traffic?.drainWindow, usual);
  if (drainMs === 0)
    list.add(drain, 'TOO_SHORT', 'must be longer than 0: what the old side began has to end before it is retired');
  if (readyMs === 0) list.add('/traffic/readyWithin', 'TOO_SHORT', 'must be longer than 0');
  atMost(list, drain, drainMs, MAX_DRAIN_WINDOW_MS);
  atMost(list, '/traffic/readyWithin', readyMs, MAX_READY_WITHIN_MS);
  return { readyWithinMs: readyMs, drainWindowMs: drainMs };
}

function atMost(list: FaultList, path: string, ms: number, most: number): void {
  if (ms > most) list.add(path, 'TOO_LONG', `may last at most ${formatDuration(most)}`);
}
