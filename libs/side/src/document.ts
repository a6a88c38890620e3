/** The weights of a group's two sides, as Sluice publishes them. */
export interface WeightDocument {
  readonly v: 1;
  readonly group: string;
  /** Grows with each publish. */
  readonly version: number;
  /** Exactly two sides with integers from 0 to 100 that sum to 100. */
  readonly weights: Readonly<Record<string, number>>;
  readonly rolloutId: string | null;
  /** Milliseconds of the epoch. */
  readonly since: number;
}

/** Fields that it does not know are left out. Throws an Error that says what is wrong with the text. */
export function parseWeights(text: string): WeightDocument {
  const document = JSON.parse(text) as Partial<Record<keyof WeightDocument, unknown>> | null;
  const { v, group, version, weights, rolloutId, since } = document ?? {};
  if (v !== 1) throw new Error(`it is no document of v 1, which this client reads, but of v ${String(v)}`);
  if (typeof group !== 'string') throw new Error('group is no name');
  if (!isWhole(version) || !isWhole(since)) throw new Error('version or since is no whole number from 0 up');
  if (rolloutId !== null && typeof rolloutId !== 'string') throw new Error('rolloutId is neither a text nor null');
  return { v, group, version, weights: weightsOf(weights), rolloutId, since };
}

function weightsOf(weights: unknown): Record<string, number> {
  const entries = Object.entries(weights ?? {});
  const sides = entries.filter((entry): entry is [string, number] => isSideName(entry[0]) && isWhole(entry[1]));
  const sum = sides.reduce((total, [, weight]) => total + weight, 0);
  if (entries.length !== 2 || sides.length !== 2 || sum !== 100)
    throw new Error('weights are not two names with whole numbers that sum to 100');
  return Object.fromEntries(sides);
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** Names travel in a header, and are sorted: ASCII sorts alike in every language. */
const isSideName = (text: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9._@+~-]{0,199}$/.test(text);
