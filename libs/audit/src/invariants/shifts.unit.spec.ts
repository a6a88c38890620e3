import { hashOf, type GateSpec, type Plan, type PlanTraffic, type RolloutEvent } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { deadline, History, ID } from './history.suite.js';

const OLD = 'flip';
const NEW = 'flop';
const shift: PlanTraffic = {
  oldSide: OLD,
  newSide: NEW,
  services: [{ name: 'web' }, { name: 'search' }],
  capacity: 'scaler',
  publish: [],
  preScalePercent: 25,
  weights: [{ weight: 10 }, { weight: 100 }],
  dwellMs: 50,
  readyWithinMs: 100,
  drainWindowMs: 70,
};
const errors: GateSpec = {
  name: 'errors',
  source: 'main',
  at: ['during'],
  onFail: 'brake',
  intervalMs: 1_000,
  limits: { fail: 0, inconclusive: 1, error: 1, passes: 1 },
  measure: { kind: 'threshold', query: 'x', windowMs: 9, stepMs: 3, bound: 'max', limit: 1, n: 1, of: 1 },
};
const none = { done: 0, skipped: 0, failed: 0, unknown: 0, excluded: 0, untouched: 0 };

const seen = (side: string, web: number, search: number, ready = search): RolloutEvent => ({
  type: 'SideSeen',
  side,
  services: [
    { service: 'web', desired: web, created: web, ready: web },
    { service: 'search', desired: search, created: search, ready },
  ],
});
const ordered = (web: number, search: number): RolloutEvent => ({
  type: 'SideScaleOrdered',
  stage: 0,
  side: NEW,
  services: [
    { service: 'web', desired: web },
    { service: 'search', desired: search },
  ],
});
const set = (stage: number, weight: number, why: 'stage' | 'manual' | 'back' = 'stage'): RolloutEvent => ({
  type: 'WeightSet',
  stage,
  weights: { [NEW]: weight, [OLD]: 100 - weight },
  why,
});
const published = (weight: number, version: number): RolloutEvent => ({
  type: 'WeightPublished',
  weights: { [NEW]: weight, [OLD]: 100 - weight },
  version,
});
const entered = (stage: number): RolloutEvent => ({ type: 'StageEntered', stage });
const passed = (stage: number): RolloutEvent => ({ type: 'StagePassed', stage });
const frozen: RolloutEvent = { type: 'RolloutFrozen', freeze: 'f', until: 1_000, words: '' };
const settling: RolloutEvent = { type: 'RolloutSettling', cause: 'rollback' };
const cancelled: RolloutEvent = { type: 'RolloutCancelled', cause: 'rollback', counts: none, notServing: [] };

class Shift extends History {
  /** It has begun, and both sides were seen. */
  begun(change: Partial<PlanTraffic> = {}, plan: Partial<Plan> = {}): this {
    const traffic = { ...shift, ...change };
    return this.planned({ traffic, canaries: 0, batches: [], targetCount: 0, ...plan })
      .leased()
      .exec({ type: 'RolloutStarted', token: 1 }, entered(0), seen(OLD, 20, 6), seen(NEW, 0, 0));
  }

  override planned(change: Partial<Plan> = {}): this {
    const base = { targetsHash: hashOf([]), budget: { ...BUDGET } };
    return this.write('plan', ID, [sealed({ ...base, ...change })]);
  }

  /** The new side is ready for its first request. */
  ready(change: Partial<PlanTraffic> = {}, plan: Partial<Plan> = {}): this {
    return this.begun(change, plan)
      .exec(ordered(5, 2), seen(NEW, 5, 2))
      .exec(passed(0));
  }

  atTen(change: Partial<PlanTraffic> = {}, plan: Partial<Plan> = {}): this {
    return this.ready(change, plan).exec(entered(1), set(1, 10)).exec(published(10, 1));
  }

  dwelt(stage: number): this {
    return this.exec({ type: 'WaitStarted', wait: 'dwell', stage, until: this.at + 50 }).waits(50);
  }

  atAll(): this {
    this.atTen().dwelt(1).exec(passed(1), entered(2), set(2, 100));
    return this.exec(published(100, 2)).dwelt(2).exec(passed(2), entered(3));
  }

  drained(): this {
    return this.exec({ type: 'WaitStarted', wait: 'drain', stage: 3, until: this.at - 50 + 70 }).waits(20);
  }
}

const BUDGET: Plan['budget'] = {
  members: 0,
  percent: 100,
  maxUnavailable: 1,
  failureLimit: 1,
  failureThresholdPercent: 100,
  extraFailures: 0,
  minServing: 0,
  advisory: false,
};

function sealed(change: Partial<Plan>): {
  readonly type: 'RolloutPlanned';
  readonly plan: Plan;
  readonly planHash: string;
} {
  const plan = { ...PLAN, ...change };
  return { type: 'RolloutPlanned', plan, planHash: hashOf(plan) };
}

const PLAN = ((): Plan => {
  const look = new History();
  look.planned();
  const found = look.invariants.rollouts.get(ID)?.plan;
  if (found === undefined) throw new Error('no plan');
  return { ...found, approvals: { batches: 'policy' } };
})();

const retire: RolloutEvent = { type: 'SideRetireOrdered', side: OLD };
const gone: RolloutEvent = { type: 'SideRetired', side: OLD };

describe('a shift of traffic as an outsider reads it', () => {
  it('is quiet about a good one, and about one that goes back', () => {
    const good = new Shift()
      .atAll()
      .drained()
      .exec(retire, gone)
      .exec(passed(3), { type: 'RolloutSucceeded', counts: none });
    expect(good.invariants.violations).toEqual([]);
    const back = new Shift()
      .atTen()
      .exec(settling, set(1, 0, 'back'))
      .exec(published(0, 2), cancelled);
    expect(back.invariants.violations).toEqual([]);
  });

  it('SWB-11 SWB-12 fires when the order is another share, or is given again', () => {
    expect(new Shift().begun().exec(ordered(4, 2)).broken).toEqual(['SWB-11']);
    expect(new Shift().begun().exec(ordered(5, 2), ordered(5, 2)).broken).toContain('SWB-12');
    expect(new Shift().begun().exec(set(0, 5, 'manual')).broken).toContain('SWB-11');
  });

  it('SWB-04 SWB-16 fires when a stage passes and a service is not there', () => {
    expect(new Shift().begun().exec(ordered(5, 2), seen(NEW, 5, 2, 1), passed(0)).broken).toEqual(['SWB-04']);
    expect(
      new Shift()
        .atTen()
        .dwelt(1)
        .exec(seen(NEW, 5, 3, 2), passed(1)).broken,
    ).toEqual(['SWB-04']);
  });

  it('SWB-02 fires when the stages do not rise, or pass before their weight is in force or their dwell is over', () => {
    expect(new Shift().ready().exec(entered(1), set(1, 20)).broken).toEqual(['SWB-02']);
    expect(new Shift().ready().exec(entered(1), set(1, 10), set(1, 10)).broken).toEqual(['SWB-02']);
    expect(new Shift().ready().exec(entered(1), set(1, 10), passed(1)).broken).toEqual(['SWB-02']);
    expect(new Shift().atTen().exec(passed(1)).broken).toEqual(['SWB-02']);
    const early = new Shift().atTen().exec({ type: 'WaitStarted', wait: 'dwell', stage: 1, until: 51 });
    expect(early.waits(49).exec(passed(1)).broken).toEqual(['SWB-02']);
    expect(new Shift().atTen().exec({ type: 'WaitStarted', wait: 'dwell', stage: 1, until: 40 }).broken).toEqual([
      'SWB-02',
    ]);
  });

  it('I9 fires when weights do not sum to 100, or what is published was not set last', () => {
    const odd: RolloutEvent = { type: 'WeightSet', stage: 1, weights: { [NEW]: 10, [OLD]: 80 }, why: 'stage' };
    expect(new Shift().ready().exec(entered(1), odd).broken).toEqual(['I9']);
    expect(new Shift().ready().exec(entered(1), set(1, 10), published(20, 1)).broken).toContain('I9');
    expect(new Shift().atTen().exec(set(1, 20, 'manual'), published(20, 1)).broken).toContain('I9');
  });

  it('I6 fires when a weight grows while it is braked or frozen, and by hand only when it is frozen', () => {
    const manual = set(1, 30, 'manual');
    const log: RolloutEvent = { type: 'RolloutBraked', cause: { kind: 'log', words: '', numbers: {} } };
    expect(new Shift().atTen().exec({ type: 'RolloutPaused' }, manual).broken).not.toContain('I6');
    expect(new Shift().atTen().exec(log, manual).broken).toContain('I6');
    expect(new Shift().atTen().exec(log, set(1, 3, 'manual')).broken).not.toContain('I6');
    expect(new Shift().atTen().exec(frozen, manual).broken).toContain('I6');
    expect(new Shift().atTen().dwelt(1).exec(frozen, passed(1), entered(2)).broken).toEqual(['I6']);
    expect(new Shift().atTen().exec(frozen, { type: 'RolloutThawed', freeze: 'f' }, manual).broken).not.toContain('I6');
  });

  it('I6 fires when a freeze is overridden in the name of another', () => {
    const by = (id: string): RolloutEvent => ({ type: 'FreezeOverridden', by: id, reason: 'an outage' });
    expect(new Shift().atTen().exec(frozen, by('olga')).broken).toEqual(['I6']);
    expect(new Shift().atTen().exec(frozen, by('executor'), set(1, 30, 'manual')).broken).not.toContain('I6');
  });

  it('STR-03 SWB-07 fires when the old side goes before its drain window, or under traffic', () => {
    expect(new Shift().atAll().exec(retire).broken).toEqual(['STR-03']);
    expect(new Shift().atAll().drained().exec(retire).broken).toEqual([]);
    expect(new Shift().atTen().exec(retire).broken).toContain('STR-03');
    expect(new Shift().atAll().drained().exec(gone).broken).toEqual(['STR-03']);
  });

  it('STR-02 fires when anything leads back behind the order to retire', () => {
    const late = (): Shift => new Shift().atAll().drained().exec(retire);
    expect(late().exec(settling).broken).toContain('STR-02');
    expect(late().exec(set(3, 0, 'back')).broken).toContain('STR-02');
  });

  it('SWB-01 SWB-10 fires when it ends and has not given everything back, at once and in one piece', () => {
    expect(new Shift().atTen().exec(settling).broken).toEqual(['SWB-01']);
    expect(new Shift().atTen().exec(settling, set(1, 0, 'back'), cancelled).broken).toContain('SWB-01');
    expect(new Shift().atTen().exec(settling, set(1, 5, 'back')).broken).toContain('SWB-10');
    expect(new Shift().atTen().exec(settling, set(1, 0, 'back'), set(1, 0, 'back')).broken).toContain('SWB-10');
  });

  it('TAR-32 fires for a brake of capacity before its time, and when a gate that failed brakes nothing', () => {
    const capacity: RolloutEvent = { type: 'RolloutBraked', cause: { kind: 'capacity', words: '', numbers: {} } };
    const wait: RolloutEvent = { type: 'WaitStarted', wait: 'capacity', stage: 0, until: 101 };
    expect(new Shift().begun().exec(wait, capacity).broken).toEqual(['TAR-32']);
    expect(new Shift().begun().exec(wait).waits(100).exec(capacity).broken).toEqual([]);
    const fail: RolloutEvent = {
      ...{ type: 'GateRecorded', stage: 1, round: 1, gate: 'errors', verdict: 'fail', words: '', phase: 'during' },
    };
    expect(new Shift().atTen({}, { gateSpecs: [errors] }).exec(fail).broken).toEqual(['TAR-32']);
  });

  it('I5 fires when a verdict is taken of a gate that only records, or that the plan does not have there', () => {
    const verdict: RolloutEvent = {
      ...{ type: 'GateRecorded', stage: 1, round: 1, gate: 'errors', verdict: 'pass', words: '', phase: 'during' },
    };
    expect(new Shift().atTen({}, { gateSpecs: [errors] }).exec(verdict).broken).toEqual([]);
    expect(new Shift().atTen({}, { gateSpecs: [{ ...errors, onFail: 'record' }] }).exec(verdict).broken).toEqual([
      'I5',
    ]);
    expect(new Shift().atTen({}, { gateSpecs: [{ ...errors, at: ['exit'] }] }).exec(verdict).broken).toEqual(['I5']);
  });

  it('I5 fires when a stage is entered or passed without its gates', () => {
    const entry = { gateSpecs: [{ ...errors, at: ['entry' as const] }] };
    expect(new Shift().ready({}, entry).exec(entered(1)).broken).toEqual(['I5']);
    const exit = { gateSpecs: [{ ...errors, at: ['exit' as const] }] };
    expect(new Shift().atTen({}, exit).dwelt(1).exec(passed(1)).broken).toEqual(['I5']);
  });
});

describe('freezes of a rollout from host to host', () => {
  it('I6 fires when targets are admitted, or a stage is entered, under one', () => {
    const roll: RolloutEvent = { type: 'TargetsAdmitted', run: 'roll', targets: [0], deadline };
    const begun = (): History => new History().started();
    expect(begun().exec(frozen, roll).broken).toEqual(['I6']);
    expect(begun().exec(frozen, { type: 'RolloutThawed', freeze: 'f' }, roll).broken).toEqual([]);
    const history = new History().planned().leased().exec({ type: 'RolloutStarted', token: 1 });
    expect(history.exec(frozen, entered(0)).broken).toEqual(['I6']);
  });
});
