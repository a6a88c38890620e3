import type { Appended, RolloutModel } from '@sluice/audit';
import {
  canonicalJson,
  type GateJudged,
  type GroupSides,
  type RolloutEvent,
  type WeightDocument,
  type Weights,
} from '@sluice/contracts';
import { type Called, PublishedWeights, type TrafficPorts, type WeightsPlace } from '@sluice/executor';
import { type Clock, isSluiceError, messageOf } from '@sluice/kernel';
import type { Random } from '@sluice/testing';

import type { Life } from '../life.js';
import { Autoscaler, type Scaling, SERVICES } from './autoscaler.js';
import { SimulatedMetrics } from './metrics.js';
import { Requests } from './requests.js';
import { SimulatedBucket, SimulatedPublisher } from './weight-store.js';

export const SIDES = ['flip', 'flop'] as const;

/** A group whose traffic shifts between two sides. */
export const SIDED: GroupSides = {
  names: SIDES,
  services: SERVICES.map((name) => ({ name })),
  capacity: 'scaler',
  publish: [{ publisher: 'edge', backend: 'shop' }],
};

/** One publish takes all back, and it does not take longer (SWB-10). */
const BACK_WITHIN_MS = 5_000;
/** From a verdict that fails to its brake. */
const BRAKE_WITHIN_MS = 1_000;
/** A decision of another owner may be that old when it is acted on. */
const HEARD_WITHIN_MS = 1_000;
/** Who wakes up reads what happened meanwhile. */
const DAZED_MS = 10_000;

interface Parts {
  readonly clock: Clock;
  readonly random: Random;
  readonly modelOf: (id: string) => RolloutModel | undefined;
  readonly complain: (what: string) => void;
}

interface WayBack {
  readonly at: number;
  documents: number;
}

/** All that a shift of traffic touches outside, and what an observer there has to see (I9, SWB-01, SWB-07, SWB-10, SWB-12). */
export class TrafficWorld {
  readonly scaler: Autoscaler;
  readonly bucket: SimulatedBucket;
  readonly edge: SimulatedPublisher;
  readonly metrics: SimulatedMetrics;
  readonly requests: Requests;
  /** The side that the log calls live. */
  live: string = SIDES[0];
  /** How long each way back took, ms. */
  readonly backs: number[] = [];
  private readonly decided = new Map<string, string>();
  private readonly waysBack = new Map<string, WayBack>();
  private readonly heldSince = new Map<string, number>();
  private readonly failed = new Map<string, number>();
  private troubledAt = Number.NEGATIVE_INFINITY;
  private wokeAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly parts: Parts,
    scaling: Scaling,
  ) {
    const { clock, random, complain } = parts;
    this.bucket = new SimulatedBucket(clock, random.fork('bucket'), (document, before) =>
      this.written(document, before),
    );
    const shareOf = (side: string): number => this.shareOf(side);
    this.scaler = new Autoscaler(SIDES, scaling, { clock, random: random.fork('scaler'), shareOf });
    this.scaler.onRetire = (side) => this.retiring(side);
    this.edge = new SimulatedPublisher(clock, random.fork('edge'));
    this.metrics = new SimulatedMetrics(clock);
    this.requests = new Requests({
      ...{ clock, random: random.fork('requests'), complain, firstSide: SIDES[0] },
      documents: () => this.bucket.written,
      isGone: (side) => this.scaler.isRetired(side),
    });
  }

  /** As one life of an executor has them: what it began may still end after its death, but it hears no answer. */
  portsFor(life: Life, clock: Clock): TrafficPorts {
    const { bucket, edge, scaler } = this;
    const store = {
      read: () => life.whileAlive(() => bucket.read()),
      replace: (document: WeightDocument, revision: number) =>
        life.whileAlive(() => bucket.replace(document, revision)),
    };
    const publisher = {
      publish: (backend: string, document: WeightDocument) => life.whileAlive(() => edge.publish(backend, document)),
    };
    const weights = new PublishedWeights(store, new Map([['edge', publisher]]), directly, clock);
    return {
      sides: {
        look: (place) => life.whileAlive(() => scaler.look(place)),
        scale: (place, wanted) => {
          this.scaling(place.rollout);
          return life.whileAlive(() => scaler.scale(place, wanted));
        },
        retire: (place) => life.whileAlive(() => scaler.retire(place)),
      },
      weights: {
        publish: (place, wanted) => {
          if (!life.sleeps) this.publishing(place, wanted);
          return weights.publish(place, wanted);
        },
      },
    };
  }

  /** Something outside is out of order: what has a time is not held to it for now. */
  trouble(): void {
    this.troubledAt = this.parts.clock.now();
  }

  /** Somebody who stood still wakes up, and does what was right when it fell asleep. */
  woke(): void {
    this.trouble();
    this.wokeAt = this.parts.clock.now();
  }

  /** Everything outside works again. */
  heal(): void {
    this.trouble();
    this.edge.mood = 'well';
    this.bucket.isDown = false;
    Object.assign(this.scaler, { isDown: false, slowMs: 0, failing: 0 });
    this.scaler.stuck.clear();
    Object.assign(this.metrics, { mood: 'well', smokeFails: false });
    this.metrics.faults.clear();
  }

  /** Each commit in the moment in which it is durable. */
  landed({ stream, draft, head }: Appended): void {
    const { id, writer } = stream;
    for (const { event } of draft.events) {
      if (event.type === 'GateJudged') this.judged(id, event, head.at);
      if (writer === 'exec') this.follow(id, event as RolloutEvent, head.rev);
    }
    const model = writer === 'exec' ? this.parts.modelOf(id) : undefined;
    if (model !== undefined) this.noteHeld(id, model);
  }

  /** What is out there when nothing is under way (SWB-01). */
  atRest(): string[] {
    const { last } = this.bucket;
    const { last: told } = this.edge;
    const weight = last === undefined ? 100 : last.weights[this.live];
    const wrong = weight === 100 ? [] : [`SWB-01: at rest side ${this.live} is live and has ${weight} percent`];
    if (canonicalJson(told ?? null) !== canonicalJson(last ?? null))
      wrong.push(`I9: the load balancer has version ${told?.version}, the bucket ${last?.version}`);
    return wrong;
  }

  private shareOf(side: string): number {
    const { last } = this.bucket;
    return last === undefined ? (side === SIDES[0] ? 100 : 0) : (last.weights[side] ?? 0);
  }

  private follow(id: string, event: RolloutEvent, rev: number): void {
    const { clock } = this.parts;
    switch (event.type) {
      case 'WeightSet':
        this.decided.set(`${id} ${rev}`, canonicalJson(event.weights));
        if (event.why === 'back') this.waysBack.set(id, { at: clock.now(), documents: 0 });
        break;
      case 'WeightPublished':
        this.metrics.inForce(event.weights);
        break;
      case 'RolloutBraked':
      case 'RolloutPaused':
      case 'RolloutSettling':
        this.braked(id);
        break;
      case 'RolloutSucceeded':
        this.live = this.parts.modelOf(id)?.plan.traffic?.newSide ?? this.live;
        break;
      case 'RolloutCancelled':
        this.wentBack(id);
        break;
      default:
    }
  }

  private judged(id: string, { verdict, phase, shadow }: GateJudged, at: number): void {
    const goesOn = this.parts.modelOf(id)?.status === 'running';
    if (goesOn && verdict === 'fail' && phase === 'during' && shadow !== true) this.failed.set(id, at);
  }

  private isQuietSince(at: number): boolean {
    const isWell = this.edge.mood === 'well' && !this.bucket.isDown;
    return isWell && this.troubledAt < at - BACK_WITHIN_MS;
  }

  private isDazed(): boolean {
    return this.parts.clock.now() - this.wokeAt < DAZED_MS;
  }

  /** SWB-10: one document, within its time. */
  private wentBack(id: string): void {
    const back = this.waysBack.get(id);
    if (back === undefined) return;
    const ms = this.parts.clock.now() - back.at;
    const { complain } = this.parts;
    if (back.documents !== 1) complain(`SWB-10: the way back of ${id} was published ${back.documents} times`);
    if (!this.isQuietSince(back.at)) return;
    this.backs.push(ms);
    if (ms > BACK_WITHIN_MS) complain(`SWB-10: the way back of ${id} took ${ms} ms`);
  }

  private braked(id: string): void {
    const judgedAt = this.failed.get(id);
    this.failed.delete(id);
    if (judgedAt === undefined || !this.isQuietSince(judgedAt)) return;
    const ms = this.parts.clock.now() - judgedAt;
    if (ms > BRAKE_WITHIN_MS) this.parts.complain(`MOM-11: ${id} went on for ${ms} ms behind a gate that failed`);
  }

  private noteHeld(id: string, { status, freezes, shift }: RolloutModel): void {
    const byHand = status === 'paused' && shift?.why === 'manual';
    const isHeld = (status !== 'running' && !byHand) || [...freezes.values()].includes('holds');
    if (!isHeld) this.heldSince.delete(id);
    else if (!this.heldSince.has(id)) this.heldSince.set(id, this.parts.clock.now());
  }

  /** I6: no weight grows out there while its rollout is held. */
  private publishing({ rollout }: WeightsPlace, weights: Weights): void {
    const { clock, modelOf, complain } = this.parts;
    const since = this.heldSince.get(rollout);
    const newSide = modelOf(rollout)?.plan.traffic?.newSide ?? '';
    const [wanted = 0, now] = [weights[newSide], this.shareOf(newSide)];
    const isHeld = since !== undefined && clock.now() - since > HEARD_WITHIN_MS;
    if (isHeld && wanted > now && !this.isDazed())
      complain(`I6: ${rollout} publishes ${wanted} percent after ${now}, held since ${since}`);
  }

  /** SWB-12: after the pre-scaling only the autoscaler scales. */
  private scaling(rollout: string): void {
    const model = this.parts.modelOf(rollout);
    if (this.isDazed()) return;
    if (model?.shift?.ordered === undefined || model.stage > 0)
      this.parts.complain(`SWB-12: side scaled at stage ${model?.stage} of ${rollout}`);
  }

  /** SWB-07: nobody is answered there any more. */
  private retiring(side: string): void {
    const left = this.requests.on(side);
    if (left > 0) this.parts.complain(`SWB-07: side ${side} was retired under ${left} requests`);
    if (this.shareOf(side) > 0)
      this.parts.complain(`STR-03: side ${side} was retired with ${this.shareOf(side)} percent`);
  }

  /** I9: a document is what was decided at that revision, in the order of tokens and revisions, and sums to 100. */
  private written(document: WeightDocument, before: WeightDocument | undefined): void {
    for (const what of faultsOf(document, before)) this.parts.complain(what);
    const { version, weights, rolloutId, rev } = document;
    if (this.decided.get(`${rolloutId} ${rev}`) !== canonicalJson(weights))
      this.parts.complain(`I9: version ${version} of ${rolloutId} was not decided at revision ${rev}`);
    const back = this.waysBack.get(rolloutId ?? '');
    if (back !== undefined) back.documents += 1;
  }
}

function faultsOf(document: WeightDocument, before: WeightDocument | undefined): string[] {
  const { version, weights, rolloutId, token = 0, rev = 0 } = document;
  const name = `version ${version} of ${rolloutId}`;
  const sum = SIDES.reduce((all, side) => all + (weights[side] ?? Number.NaN), 0);
  const isNext = version === (before?.version ?? 0) + 1;
  const isLate = before !== undefined && isOlder({ token, rev }, before);
  return [
    ...(sum === 100 ? [] : [`I9: the weights of ${name} sum to ${sum}`]),
    ...(isNext ? [] : [`I9: ${name} follows on ${before?.version}`]),
    ...(isLate ? [`I9: ${name} (${token}, ${rev}) was written over ${before.token}, ${before.rev}`] : []),
  ];
}

const isOlder = ({ token, rev }: { readonly token: number; readonly rev: number }, before: WeightDocument): boolean =>
  token < (before.token ?? 0) || (token === before.token && rev <= (before.rev ?? 0));

const directly = {
  async call<T>(_name: string, act: () => Promise<T>): Promise<Called<T>> {
    try {
      return { kind: 'done', value: await act() };
    } catch (error) {
      if (isSluiceError(error, 'DEPENDENCY_REFUSED'))
        return { kind: 'refused', code: error.code, message: error.message };
      return { kind: 'failing', words: messageOf(error) };
    }
  },
};
