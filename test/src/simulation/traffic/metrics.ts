import type { MeasurementPort } from '@sluice/health-gate';
import type { Clock } from '@sluice/kernel';

type Series = Parameters<MeasurementPort['series']>[0];
type Value = Parameters<MeasurementPort['value']>[0];
type Smoked = Awaited<ReturnType<MeasurementPort['smoke']>>;

/** What is wrong with the new side, and with the source that tells of it. */
export interface PlantedFault {
  /** From this percent on a share of the requests to the side fails. */
  readonly fromWeight: number;
  readonly errorRate: number;
}

const SOUND_RATE = 0.001;
const DEAD = { kind: 'error', code: 'SOURCE_UNAVAILABLE', words: 'nobody listens' } as const;

/** A metrics source that knows what happened: error rates by side and time, with faults that a test planted. */
export class SimulatedMetrics implements MeasurementPort {
  /** By side. */
  readonly faults = new Map<string, PlantedFault>();
  mood: 'well' | 'dead' | 'empty' = 'well';
  smokeFails = false;
  asked = 0;
  private readonly history: { readonly at: number; readonly weights: Readonly<Record<string, number>> }[] = [];

  constructor(private readonly clock: Clock) {}

  /** Weights that are in force from now on. */
  inForce(weights: Readonly<Record<string, number>>): void {
    this.history.push({ at: this.clock.now(), weights });
  }

  series: MeasurementPort['series'] = async ({ query, from, to, stepMs }: Series) => {
    this.asked += 1;
    if (this.mood === 'dead') return DEAD;
    const samples = [];
    if (this.mood === 'well')
      for (let at = from; at <= to; at += stepMs) samples.push({ at, value: this.rateOf(query, at) });
    return { kind: 'ok', value: { samples } };
  };

  /** `bad` or `total` of a side over a window, at a thousand requests a minute. */
  value: MeasurementPort['value'] = async ({ query, at }: Value) => {
    this.asked += 1;
    if (this.mood === 'dead') return DEAD;
    if (this.mood === 'empty') return { kind: 'ok', value: undefined };
    const total = 1_000;
    return { kind: 'ok', value: { at, value: query.startsWith('bad') ? total * this.rateOf(query, at) : total } };
  };

  smoke: MeasurementPort['smoke'] = async () => {
    this.asked += 1;
    if (this.mood === 'dead') return DEAD;
    const failed = this.smokeFails ? 3 : 0;
    const value = {
      ...{ sent: 10, passed: 10 - failed, failed, error: 0, skipped: 0, unsent: 0 },
      ...{
        checks: { answer: 0, status: failed, body: 0, latency: 0 },
        examples: [],
        elapsedMs: 5,
        digest: 'sha256:00',
      },
    };
    return { kind: 'ok', value } satisfies Smoked;
  };

  webhook: MeasurementPort['webhook'] = async () =>
    this.mood === 'dead' ? DEAD : { kind: 'ok', value: { verdict: 'pass', words: 'looks good' } };

  private rateOf(query: string, at: number): number {
    const side = /side="([^"]+)"/.exec(query)?.[1] ?? '';
    const fault = this.faults.get(side);
    const weight = this.history.findLast((each) => each.at <= at)?.weights[side] ?? 0;
    return fault !== undefined && weight >= fault.fromWeight && weight > 0 ? fault.errorRate : SOUND_RATE;
  }
}
