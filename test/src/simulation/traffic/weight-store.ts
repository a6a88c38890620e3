import type { WeightDocument } from '@sluice/contracts';
import type { StoredWeights, WeightPublisher, WeightStore } from '@sluice/executor';
import { type Clock, SluiceError } from '@sluice/kernel';
import type { Random } from '@sluice/testing';

const CALL_MS = 40;
const HANG_MS = 5_000;

/** The bucket of weights: compare-and-set, every document kept. */
export class SimulatedBucket implements WeightStore {
  readonly written: WeightDocument[] = [];
  isDown = false;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly onWritten: (document: WeightDocument, before: WeightDocument | undefined) => void,
  ) {}

  get last(): WeightDocument | undefined {
    return this.written.at(-1);
  }

  async read(): Promise<StoredWeights> {
    await pause(this.clock, this.random.int(CALL_MS));
    this.assertUp();
    const { last } = this;
    return { document: last, version: last?.version ?? 0, revision: this.written.length };
  }

  async replace(document: WeightDocument, revision: number): Promise<boolean> {
    await pause(this.clock, this.random.int(CALL_MS));
    this.assertUp();
    if (revision !== this.written.length) return false;
    const before = this.last;
    this.written.push(document);
    this.onWritten(document, before);
    // The answer takes its time too; who died meanwhile never hears it.
    await pause(this.clock, this.random.int(CALL_MS));
    return true;
  }

  private assertUp(): void {
    if (this.isDown) throw new SluiceError('NATS_UNAVAILABLE', 'the bucket of weights does not answer');
  }
}

/** `mute`: it takes the weights, and its answer is lost. */
export type PublisherMood = 'well' | 'fails' | 'hangs' | 'refuses' | 'mute';

/** A load balancer that follows the bucket. */
export class SimulatedPublisher implements WeightPublisher {
  mood: PublisherMood = 'well';
  last: WeightDocument | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  async publish(_backend: string, document: WeightDocument): Promise<void> {
    const { mood } = this;
    await pause(this.clock, this.random.int(CALL_MS));
    if (mood === 'well' || mood === 'mute') this.last = document;
    if (mood === 'well') return;
    if (mood === 'refuses') throw new SluiceError('DEPENDENCY_REFUSED', 'no such backend');
    if (mood !== 'fails') await pause(this.clock, HANG_MS);
    throw new SluiceError('BALANCER_UNREACHABLE', 'the load balancer does not answer');
  }
}

export const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => clock.schedule(ms, resolve));
