import type { MeasurementPort } from '@sluice/health-gate';

type Series = Parameters<MeasurementPort['series']>[0];
type Value = Parameters<MeasurementPort['value']>[0];

const [SOUND, BAD] = [0.001, 0.3];
const DEAD = { kind: 'error', code: 'SOURCE_UNAVAILABLE', words: 'nobody listens' } as const;

/** A share of errors that a test sets. */
export class RampMetrics implements MeasurementPort {
  mood: 'well' | 'dead' | 'empty' = 'well';
  isBad = false;

  series: MeasurementPort['series'] = async ({ from, to, stepMs }: Series) => {
    if (this.mood === 'dead') return DEAD;
    const samples = [];
    for (let at = from; this.mood === 'well' && at <= to; at += stepMs) samples.push({ at, value: this.rate });
    return { kind: 'ok', value: { samples } };
  };

  value: MeasurementPort['value'] = async ({ query, at }: Value) => {
    if (this.mood === 'dead') return DEAD;
    if (this.mood === 'empty') return { kind: 'ok', value: undefined };
    return { kind: 'ok', value: { at, value: query.startsWith('bad') ? 1_000 * this.rate : 1_000 } };
  };

  smoke: MeasurementPort['smoke'] = async () => DEAD;

  webhook: MeasurementPort['webhook'] = async () => DEAD;

  private get rate(): number {
    return this.isBad ? BAD : SOUND;
  }
}
