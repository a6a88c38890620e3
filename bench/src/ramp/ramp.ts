import { type Benchmark, type BenchOptions, type BenchResult, type BenchRow, median, noRow } from '../benchmark.js';
import { BenchProcess } from '../child.js';

const SIZES = [1_000, 10_000, 100_000] as const;
const VARIABLES = 20;
const ROUNDS = 3;
/** A tick of a hundred times as many hosts: caches miss, and a heap of them is deeper. */
const MOST_GROWTH = 4;
const MOST_BYTES = 1_024;

export interface RampOrder {
  readonly hosts: number;
  readonly variables: number;
}

export interface RampResult {
  /** µs of one tick in which one host changes, decided and folded. */
  readonly tickUs: number;
  /** ms of a tick in which all of them change: after an outage as long as the ramp. */
  readonly allAtOnceMs: number;
  /** With all variables. */
  readonly bytesPerHost: number;
}

export interface RampOptions extends Omit<BenchOptions, 'scale'> {
  readonly sizes: readonly number[];
  readonly rounds: number;
}

/** A tick costs what changes, and not what there is. */
export const ramp: Benchmark = {
  name: 'ramp',
  what: 'a tick of a ramp over 1,000, 10,000 and 100,000 hosts, and the memory of a host with 20 variables',
  run: (options) =>
    runRamp({
      ...options,
      sizes: SIZES.map((hosts) => hosts * options.scale),
      rounds: options.scale < 1 ? 1 : ROUNDS,
    }),
};

export async function runRamp({ sizes, rounds, say }: RampOptions): Promise<BenchResult> {
  const results = sizes.map((hosts) => ({ hosts, rounds: [] as RampResult[] }));
  for (let round = 1; round <= rounds; round += 1) {
    for (const { hosts, rounds: all } of results) all.push(await measured({ hosts, variables: VARIABLES }));
    say(`ramp, round ${round} of ${rounds}: ${results.map((size) => inWords(size)).join(', ')}`);
  }
  const [smallest, largest] = [results[0]?.rounds ?? [], results.at(-1)?.rounds ?? []];
  return {
    benchmark: 'ramp',
    size: `ramps of 14 days from the first host to the last, one host a tick, ${rounds} rounds`,
    unit: 'µs/tick',
    rows: [...results.map(rowOf), noRow('peer', 'none: nobody else assigns hosts one by one over days')],
    ratios: [
      {
        name: `a tick with ${sizes.at(-1)} hosts / with ${sizes[0]}`,
        value: middle(largest, 'tickUs') / middle(smallest, 'tickUs'),
        goal: MOST_GROWTH,
        good: 'atMost',
      },
      {
        name: `bytes for each host with ${VARIABLES} variables`,
        value: middle(largest, 'bytesPerHost'),
        goal: MOST_BYTES,
        good: 'atMost',
      },
    ],
    details: { results },
  };
}

interface OfSize {
  readonly hosts: number;
  readonly rounds: readonly RampResult[];
}

const middle = (results: readonly RampResult[], field: keyof RampResult): number =>
  median(results.map((result) => result[field]));

const inWords = ({ hosts, rounds }: OfSize): string =>
  `${hosts} hosts ${(rounds.at(-1)?.tickUs ?? Number.NaN).toFixed(1)} µs`;

const rowOf = ({ hosts, rounds }: OfSize): BenchRow => ({
  name: `${hosts} hosts`,
  rounds: rounds.map(({ tickUs }) => tickUs),
  note: `all at once ${middle(rounds, 'allAtOnceMs').toFixed(0)} ms, ${middle(rounds, 'bytesPerHost').toFixed(0)} bytes a host`,
});

async function measured(order: RampOrder): Promise<RampResult> {
  const child = await BenchProcess.start<RampOrder, RampResult>('ramp/ramp-process.js', order);
  return (await child.finish()).result;
}
