import {
  ALL_SHARDS,
  type PlanTraffic,
  type RolloutEvent,
  type ServiceCapacity,
  type WeightDocument,
  type Weights,
} from '@sluice/contracts';
import { isSluiceError, messageOf } from '@sluice/kernel';

import { DEPENDENCY_REFUSED } from '../dependency/breaker.js';
import type { Called } from '../dependency/called.js';
import type { Dependencies } from '../dependency/dependencies.js';
import { ExecutorEngine } from '../engine.js';
import { GROUP, planFor, World } from '../fixtures/world.suite.js';
import type { SidePlace, SidesPort, TrafficPorts, WantedCapacity } from './ports.js';
import { PublishedWeights, type StoredWeights, type WeightPublisher, type WeightStore } from './weights.js';

export const OLD = 'blue';
export const NEW = 'green';
export const MINUTE = 60_000;

export const TRAFFIC: PlanTraffic = {
  oldSide: OLD,
  newSide: NEW,
  services: [{ name: 'web' }, { name: 'search' }],
  capacity: 'scaler',
  publish: [{ publisher: 'edge', backend: 'shop' }],
  preScalePercent: 25,
  weights: [5, 25, 100].map((weight) => ({ weight })),
  dwellMs: MINUTE,
  readyWithinMs: 10 * MINUTE,
  drainWindowMs: 2 * MINUTE,
};

/** Sides whose autoscaler does at once what it is asked for. */
export class FakeSides implements SidesPort {
  readonly said: string[] = [];
  readonly sides = new Map<string, Map<string, number>>([
    [OLD, new Map(Object.entries({ web: 10, search: 4 }))],
    [NEW, new Map(Object.entries({ web: 0, search: 0 }))],
  ]);
  /** Looks that are under way now, and the most that ever were. */
  readonly looks = { now: 0, most: 0, all: 0 };
  /** A look ends only when this resolves. */
  slow: Promise<void> | undefined;
  trouble: Called<never> | undefined;

  async look({ side, services }: SidePlace): Promise<Called<readonly ServiceCapacity[]>> {
    this.looks.now += 1;
    this.looks.all += 1;
    this.looks.most = Math.max(this.looks.most, this.looks.now);
    await this.slow;
    this.looks.now -= 1;
    if (this.trouble !== undefined) return this.trouble;
    const value = services.map(({ name }) => {
      const count = this.sides.get(side)?.get(name) ?? 0;
      return { service: name, desired: count, created: count, ready: count };
    });
    return { kind: 'done', value };
  }

  scale({ side }: SidePlace, wanted: readonly WantedCapacity[]): Promise<Called<void>> {
    this.said.push(`scale ${side} ${wanted.map(({ service, desired }) => `${service}=${desired}`).join(' ')}`);
    if (this.trouble !== undefined) return Promise.resolve(this.trouble);
    for (const { service, desired } of wanted) this.sides.get(side)?.set(service, desired);
    return Promise.resolve({ kind: 'done', value: undefined });
  }

  retire({ side }: SidePlace): Promise<Called<string>> {
    this.said.push(`retire ${side}`);
    return Promise.resolve({ kind: 'done', value: 'gone' });
  }
}

/** The bucket of weights in memory, with every document that was ever written. */
export class MemoryWeights implements WeightStore {
  readonly written: WeightDocument[] = [];
  /** A write begins only when this resolves; it is taken once. */
  late: Promise<void> | undefined;

  get last(): WeightDocument | undefined {
    return this.written.at(-1);
  }

  read(): Promise<StoredWeights> {
    return Promise.resolve({ document: this.last, version: this.last?.version ?? 0, revision: this.written.length });
  }

  async replace(document: WeightDocument, revision: number): Promise<boolean> {
    const { late } = this;
    this.late = undefined;
    await late;
    if (revision !== this.written.length) return false;
    this.written.push(document);
    return true;
  }
}

/** A load balancer that has the weights that it was told last. */
export class FakePublisher implements WeightPublisher {
  readonly told: Weights[] = [];
  trouble: Error | undefined;
  late: Promise<void> | undefined;

  async publish(_backend: string, { weights }: WeightDocument): Promise<void> {
    const { late } = this;
    this.late = undefined;
    await late;
    if (this.trouble !== undefined) throw this.trouble;
    this.told.push(weights);
  }
}

/** Calls go straight through. */
export const directly: Pick<Dependencies, 'call'> = {
  async call<T>(_name: string, act: () => Promise<T>): Promise<Called<T>> {
    try {
      return { kind: 'done', value: await act() };
    } catch (error) {
      if (isSluiceError(error, DEPENDENCY_REFUSED))
        return { kind: 'refused', code: error.code, message: error.message };
      return { kind: 'failing', words: messageOf(error) };
    }
  },
};

export class ShiftWorld extends World {
  readonly sides = new FakeSides();
  readonly store = new MemoryWeights();
  readonly edge = new FakePublisher();

  constructor() {
    super([]);
  }

  override newEngine(clock = this.clock): ExecutorEngine {
    const { log, newId, fleet } = this;
    // The engine of the constructor is made before the rest: it asks for it when it is needed.
    const traffic: TrafficPorts = {
      sides: {
        look: (place) => this.sides.look(place),
        scale: (place, wanted) => this.sides.scale(place, wanted),
        retire: (place) => this.sides.retire(place),
      },
      weights: { publish: (place, weights) => this.weights.publish(place, weights) },
    };
    return new ExecutorEngine({ log, clock, newId, agents: fleet, shards: ALL_SHARDS, traffic });
  }

  get weights(): PublishedWeights {
    return new PublishedWeights(this.store, new Map([['edge', this.edge]]), directly, this.clock);
  }

  async started(traffic: Partial<PlanTraffic> = {}, version = '2.0.0'): Promise<string> {
    await this.engine.start();
    return this.planned(traffic, version);
  }

  planned(traffic: Partial<PlanTraffic> = {}, version = '2.0.0'): Promise<string> {
    const shift = { ...TRAFFIC, ...traffic };
    return this.plan(planFor([], { version, strategy: 'traffic', batches: [], traffic: shift }));
  }

  /** Lets time pass, a moment at a time, until it holds. */
  async until(holds: () => boolean | Promise<boolean>, moments = 3_600): Promise<void> {
    for (let i = 0; i < moments; i += 1) {
      if (await holds()) return;
      await this.clock.advance(1_000);
    }
    throw new Error('it never came to that');
  }

  /** Until the new side has so much in force. */
  reached(id: string, weight: number): Promise<void> {
    return this.until(async () => (await this.of(id, 'WeightPublished')).at(-1)?.weights[NEW] === weight);
  }

  ended(id: string): Promise<void> {
    return this.until(async () => (await this.types(id)).some((type) => /^Rollout(Succeeded|Cancelled)$/.test(type)));
  }

  async of<T extends RolloutEvent['type']>(id: string, type: T) {
    const events = (await this.history(id)).flatMap((commit) => commit.events);
    return events.filter((event): event is Extract<RolloutEvent, { readonly type: T }> => event.type === type);
  }

  /** Percent of the new side in each document that was written. */
  get shares(): number[] {
    return this.store.written.map(({ weights }) => weights[NEW] ?? -1);
  }

  async crash(): Promise<void> {
    await this.engine.stop();
    this.engine = this.newEngine();
    await this.engine.start();
  }
}

export { GROUP };
