import { canonicalJson, type GateJudged, type GateSpec, type Plan, type PlanTraffic } from '@sluice/contracts';
import { type MeasuredInputs, rejudge } from '@sluice/gating';

import { GateWorld } from './gate-world.suite.js';
import { ScriptedPort, steps } from './scripted-port.suite.js';

export const limits = { fail: 0, inconclusive: 10, error: 4, passes: 1 };

export const errors = (more: Partial<GateSpec> = {}): GateSpec => ({
  name: 'errors',
  source: 'main',
  at: ['exit'],
  onFail: 'brake',
  intervalMs: 10_000,
  limits,
  measure: {
    kind: 'threshold',
    query: 'max(errors{instance=~"{{hosts}}"})',
    windowMs: 300_000,
    stepMs: 5_000,
    bound: 'max',
    limit: 0.05,
    n: 2,
    of: 3,
  },
  ...more,
});

export const slo = (more: Partial<GateSpec> = {}): GateSpec => ({
  ...errors(),
  name: 'slo',
  at: ['during'],
  measure: {
    kind: 'burnRate',
    bad: 'sum(increase(errors{side="{{side}}"}[{{window}}]))',
    total: 'sum(increase(requests{side="{{side}}"}[{{window}}]))',
    objective: 0.999,
    factor: 14.4,
    longMs: 3_600_000,
    shortMs: 300_000,
    minEvents: 100,
  },
  ...more,
});

const PLAN_SHIFT: PlanTraffic = {
  oldSide: 'flip',
  newSide: 'flop',
  services: [{ name: 'web', groups: { flip: 'web-flip', flop: 'web' } }],
  capacity: 'agents',
  publish: [],
  preScalePercent: 25,
  smokeDark: true,
  weights: [{ weight: 10, smoke: true }, { weight: 100 }],
  dwellMs: 60_000,
  readyWithinMs: 600_000,
  drainWindowMs: 60_000,
};
export const shift = (): Partial<Plan> => ({ traffic: PLAN_SHIFT, targetCount: 0, canaries: 0, batches: [] });

export const inputsOf = (event: GateJudged | undefined): MeasuredInputs => event?.inputs as unknown as MeasuredInputs;

/** The same value at each step. */
export const flat = (value: number | null | undefined) => (question: Parameters<ScriptedPort['series']>[0]) =>
  steps(question, () => value);

/** A world whose sources say what a test wants. */
export class MeasuredWorld {
  readonly world = new GateWorld();
  readonly port = new ScriptedPort();

  start(): void {
    this.world.start({ measurements: this.port });
  }

  /** The canary came through and its exit gates are asked. */
  async askedAtExit(spec: GateSpec, { bakeMs = 60_000, round = 1 } = {}): Promise<void> {
    await this.world.plan(undefined, { gateSpecs: [spec] });
    await this.world.rollCanary();
    await this.askAgain(spec, { bakeMs, round });
  }

  askAgain({ name }: GateSpec, { bakeMs = 60_000, round = 1 } = {}): Promise<void> {
    const passNotBefore = this.world.clock.now() + bakeMs;
    const asked = { stage: 0, round, gates: ['settled', name], passNotBefore };
    return this.world.write('exec', { type: 'GatesRequested', ...asked });
  }

  async publishWeight(stage = 1, weight = 10): Promise<void> {
    const { world } = this;
    const weights = { flip: 100 - weight, flop: weight };
    await world.write('exec', { type: 'StageEntered', stage }, { type: 'WeightSet', stage, weights, why: 'stage' });
    await world.clock.advance(500);
    await world.write('exec', { type: 'WeightPublished', weights, version: stage });
  }

  async own(gate = 'errors'): Promise<GateJudged[]> {
    return (await this.world.verdicts()).filter((event) => event.gate === gate);
  }

  async said(gate = 'errors'): Promise<string[]> {
    return (await this.own(gate)).map(({ verdict }) => verdict);
  }

  async lastWords(gate = 'errors'): Promise<string> {
    return (await this.own(gate)).at(-1)?.words ?? '';
  }

  /** Ends it. Whatever a test was about: each verdict is decided again from its event alone, byte for byte. */
  async end(): Promise<void> {
    await this.world.stop();
    for (const event of await this.world.verdicts()) {
      const again = rejudge(JSON.parse(JSON.stringify(event)) as GateJudged);
      if (canonicalJson(again) !== canonicalJson(event)) throw new Error(`decided again otherwise: ${again.words}`);
    }
  }
}
