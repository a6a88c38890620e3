import { MAX_VALUES } from './taken.js';

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isText: Check = (value) => typeof value === 'string';
const isFigure: Check = (value) => Number.isFinite(value);
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const oneOf =
  (...texts: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && texts.includes(value);
const listOf =
  (check: Check, most: number): Check =>
  (value) =>
    Array.isArray(value) && value.length <= most && value.every(check);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const faultsIn = (shape: Shape, value: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(shape)
    .filter(([key, check]) => !check(value[key]))
    .map(([key]) => key);

const like =
  (shape: Shape): Check =>
  (value) =>
    isRecord(value) && faultsIn(shape, value).length === 0;

const counts = (...keys: readonly string[]): Shape => Object.fromEntries(keys.map((key) => [key, isCount]));

const TAKEN = like({
  values: listOf(isFigure, MAX_VALUES),
  count: isCount,
  unusable: isCount,
  lastAt: orNull(isCount),
  digest: isText,
});
const COUNTED = like({ bad: orNull(isFigure), total: orNull(isFigure) });
const EXAMPLES = listOf(isText, 10);

/** By the kind of what was found: what it holds beside its kind. */
const FOUND: Readonly<Record<string, Shape>> = {
  threshold: { series: TAKEN },
  burnRate: { long: COUNTED, short: COUNTED },
  comparison: { metrics: listOf(like({ name: isText, canary: TAKEN, baseline: TAKEN }), 64) },
  smoke: {
    runs: listOf(
      like({
        ...counts('sent', 'passed', 'failed', 'error', 'skipped', 'unsent'),
        host: maybe(isText),
        examples: EXAMPLES,
        digest: isText,
      }),
      64,
    ),
  },
  facts: {
    version: isText,
    ...counts('hosts', 'heard', 'otherVersion', 'restarts', 'verified', 'slowestVerifyMs'),
    examples: EXAMPLES,
  },
  webhook: { verdict: oneOf('pass', 'fail', 'inconclusive'), words: isText, values: maybe(isRecord) },
};

const MEASURE: Readonly<Record<string, Shape>> = {
  threshold: {
    query: isText,
    ...counts('windowMs', 'stepMs', 'n', 'of'),
    bound: oneOf('max', 'min'),
    limit: isFigure,
  },
  burnRate: {
    ...{ bad: isText, total: isText, objective: isFigure, factor: isFigure },
    ...counts('longMs', 'shortMs', 'minEvents'),
  },
  comparison: {
    metrics: (value) =>
      Array.isArray(value) &&
      value.length > 0 &&
      value.length <= 64 &&
      value.every(like({ name: isText, bad: oneOf('increase', 'decrease', 'either'), weight: isFigure })) &&
      value.some(({ weight }: { readonly weight: number }) => weight > 0),
    ...counts('windowMs', 'stepMs', 'looks', 'minSamples'),
    ...{ level: isFigure, effect: isFigure, pass: isFigure, marginal: isFigure, maxMissing: isFigure },
  },
  smoke: { maxFailures: isCount },
  facts: { maxRestarts: maybe(isCount), maxVerifyMs: maybe(isCount), maxOtherVersion: maybe(isCount) },
  webhook: {},
};

const byKind =
  (shapes: Readonly<Record<string, Shape>>): Check =>
  (value) => {
    if (!isRecord(value) || typeof value['kind'] !== 'string') return false;
    const shape = Object.hasOwn(shapes, value['kind']) ? shapes[value['kind']] : undefined;
    return shape !== undefined && like(shape)(value);
  };

const TALLY = counts('pass', 'fail', 'inconclusive', 'error');

const INPUTS: Shape = {
  ...counts('stage', 'round', 'at', 'passNotBefore'),
  positions: like(counts('request', 'exec')),
  phase: oneOf('entry', 'during', 'exit'),
  source: maybe(isText),
  measure: byKind(MEASURE),
  limits: like(counts('fail', 'inconclusive', 'error', 'passes')),
  window: like(counts('from', 'to')),
  asked: listOf(like({ name: isText, query: isText }), 128),
  tally: like({ ...TALLY, looks: isCount }),
  found: maybe(byKind(FOUND)),
  problem: maybe(like({ code: isText, words: isText })),
  nothing: maybe(isText),
  warnings: maybe(EXAMPLES),
  shadow: maybe((value) => value === true),
};

/** Names of what is missing or wrong in the inputs of a measured gate; empty when they can be judged. */
export const measuredFaults = (gate: string, inputs: Readonly<Record<string, unknown>>): string[] =>
  inputs['gate'] === gate ? faultsIn(INPUTS, inputs) : ['gate'];
