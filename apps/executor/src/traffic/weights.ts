import { canonicalJson, type WeightDocument, type WeightPlace, type Weights } from '@sluice/contracts';
import { type Clock, isSluiceError, messageOf, SluiceError } from '@sluice/kernel';

import { DEPENDENCY_REFUSED } from '../dependency/breaker.js';
import type { Called } from '../dependency/called.js';
import type { Dependencies } from '../dependency/dependencies.js';
import type { Published, WeightsPlace, WeightsPort } from './ports.js';

/** The document of a group as it stands, and what to name to replace it: nobody may have written meanwhile. */
export interface StoredWeights {
  readonly document: WeightDocument | undefined;
  /** What the version has to be above; 0 for a group that never had one. */
  readonly version: number;
  readonly revision: number;
}

/** Where the documents of weights are kept, with their history. Rejects when it cannot be reached. */
export interface WeightStore {
  read(group: string): Promise<StoredWeights>;
  /** False when somebody has written since `revision`. */
  replace(document: WeightDocument, revision: number): Promise<boolean>;
}

/**
 * Something that reads weights from elsewhere than the bucket. Each call is bounded in time and may be said again; it
 * rejects when it did not work, with code DEPENDENCY_REFUSED when it will not do that.
 */
export interface WeightPublisher {
  publish(backend: string, document: WeightDocument): Promise<void>;
}

/** Writers that may come in between, in one publication. */
const MAX_ROUNDS = 8;

/**
 * The weights of groups: the document in the bucket is what counts, every publisher follows it. It is written by
 * compare-and-set, in the order of tokens and revisions, so that a process that stood still cannot take back what its
 * successor has set; whoever was late at a publisher puts there what the bucket says.
 */
export class PublishedWeights implements WeightsPort {
  constructor(
    private readonly store: WeightStore,
    private readonly publishers: ReadonlyMap<string, WeightPublisher>,
    private readonly dependencies: Pick<Dependencies, 'call'>,
    private readonly clock: Clock,
  ) {}

  async publish(place: WeightsPlace, weights: Weights): Promise<Published> {
    try {
      const own = await this.write(place, weights);
      return await this.spread(place, own);
    } catch (error) {
      if (isSluiceError(error, DEPENDENCY_REFUSED))
        return { kind: 'refused', code: error.code, message: error.message };
      return { kind: 'failing', words: messageOf(error).slice(0, 400) };
    }
  }

  private async write(place: WeightsPlace, weights: Weights): Promise<WeightDocument> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const { document: known, version, revision } = await this.store.read(place.group);
      if (known !== undefined && isTheSame(known, place, weights)) return known;
      if (known !== undefined) assertNewer(known, place);
      const { group, rollout: rolloutId, token, rev, by } = place;
      const since = Math.max(this.clock.now(), known?.since ?? 0);
      const next = { v: 1, group, version: version + 1, weights, rolloutId, since, token, rev, by } as const;
      if (await this.store.replace(next, revision)) return next;
    }
    throw new SluiceError('WEIGHTS_CONTESTED', `the weights of ${place.group} are written by others all the time`);
  }

  /** Until what the publishers have is what the bucket says: somebody else may have set it while they were told. */
  private async spread(place: WeightsPlace, own: WeightDocument): Promise<Published> {
    let document = own;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const told = await Promise.all(place.publish.map((where) => this.tell(where, document)));
      const now = (await this.store.read(place.group)).document ?? document;
      if (now.version === document.version) return troubleOf(told) ?? this.endOf(own, document);
      document = now;
    }
    return { kind: 'failing', words: `the weights of ${place.group} are written by others all the time` };
  }

  private endOf(own: WeightDocument, last: WeightDocument): Published {
    if (own.version === last.version) return { kind: 'done', value: own.version };
    return { kind: 'failing', words: `version ${last.version} was set over version ${own.version}` };
  }

  private async tell({ publisher, backend }: WeightPlace, document: WeightDocument): Promise<Published> {
    const found = this.publishers.get(publisher);
    if (found === undefined) {
      const words = `no publisher of weights called ${publisher} is configured: name it in SLUICE_BALANCERS`;
      return { kind: 'refused', code: DEPENDENCY_REFUSED, message: words, dependency: publisher };
    }
    const called = await this.dependencies.call(publisher, () => found.publish(backend, document));
    return called.kind === 'done' ? { kind: 'done', value: document.version } : withName(called, publisher);
  }
}

const withName = (called: Exclude<Called<unknown>, { readonly kind: 'done' }>, dependency: string): Published =>
  called.kind === 'refused'
    ? { ...called, message: `${dependency}: ${called.message}`, dependency }
    : { ...called, words: `${dependency}: ${called.words}`, dependency };

const troubleOf = (told: readonly Published[]): Published | undefined => told.find(({ kind }) => kind !== 'done');

function assertNewer({ token = 0, rev = 0, rolloutId }: WeightDocument, place: WeightsPlace): void {
  if (token > place.token) {
    const message = `the group has another rollout (${rolloutId ?? 'none'}) with a newer lease: end this one`;
    throw new SluiceError(DEPENDENCY_REFUSED, message);
  }
  if (token === place.token && rev >= place.rev)
    throw new SluiceError('WEIGHTS_STALE', 'other weights were set meanwhile, by the one who drives the rollout now');
}

const isTheSame = (known: WeightDocument, { token, rev, rollout }: WeightsPlace, weights: Weights): boolean =>
  known.token === token &&
  known.rev === rev &&
  known.rolloutId === rollout &&
  canonicalJson(known.weights) === canonicalJson(weights);
