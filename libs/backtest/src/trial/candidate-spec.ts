import { type GateMeasure, type GateSpec, hashOf } from '@sluice/contracts';

import type { CandidateGate, MeasurePatch } from '../policy/policy.js';

/** A gate of a plan as the candidate has it. */
export interface CandidateSpec {
  readonly spec: GateSpec;
  /** Why nothing that was recorded says what it would have said. */
  readonly unrecorded?: string;
  /** It measures as the plan's gate does; its limits and what a failure does may differ. */
  readonly isSameMeasure: boolean;
}

/** What documents call otherwise than specs. */
const IN_SPECS: Readonly<Record<string, string>> = {
  window: 'windowMs',
  step: 'stepMs',
  long: 'longMs',
  short: 'shortMs',
  maxVerify: 'maxVerifyMs',
};

/** What was asked: with another one, other values would have come. */
const QUESTIONS: ReadonlySet<string> = new Set([
  ...['query', 'windowMs', 'stepMs', 'bad', 'total', 'longMs', 'shortMs', 'requests', 'replay'],
]);

/** The plan's gate with what the candidate says otherwise. */
export function candidateSpec(live: GateSpec, gate: CandidateGate): CandidateSpec {
  const { measure: patch, limits, at, onFail, intervalMs, source } = gate;
  const measure = patch === undefined ? live.measure : patched(live.measure, patch);
  const spec: GateSpec = {
    ...live,
    ...(at === undefined ? {} : { at }),
    ...(onFail === undefined ? {} : { onFail }),
    limits: { ...live.limits, ...limits },
    measure,
  };
  const unrecorded =
    (patch === undefined ? undefined : otherQuestion(live.measure, patch)) ??
    otherValue('source', live.source, source) ??
    otherValue('interval', live.intervalMs, intervalMs) ??
    otherPhase(live, spec);
  return {
    spec,
    isSameMeasure: hashOf(measure) === hashOf(live.measure),
    ...(unrecorded === undefined ? {} : { unrecorded }),
  };
}

/** The measure with the candidate's numbers; its questions stay. */
export function patched<M extends GateMeasure>(measure: M, patch: MeasurePatch): M {
  const out: Record<string, unknown> = { ...measure };
  for (const [key, value] of Object.entries(patch)) {
    const name = IN_SPECS[key] ?? key;
    if (name === 'metrics') out[name] = patchedMetrics(measure, value);
    else if (name !== 'kind' && !isQuestion(measure, name)) out[name] = value;
  }
  return out as unknown as M;
}

/** `bad` is a query of a burn rate, and the direction of a compared metric, which is no field of a measure. */
const isQuestion = (measure: GateMeasure, name: string): boolean => QUESTIONS.has(name) && measure.kind !== 'webhook';

type Metric = { readonly name?: string; readonly canary?: string; readonly baseline?: string };

/** A list of metrics is all that is compared: one that is not in it says nothing any more. */
function patchedMetrics(measure: GateMeasure, value: unknown): unknown {
  if (measure.kind !== 'comparison') return value;
  return (value as readonly Metric[]).flatMap(({ canary: _c, baseline: _b, ...numbers }) =>
    measure.metrics.filter(({ name }) => name === numbers.name).map((metric) => ({ ...metric, ...numbers })),
  );
}

function otherQuestion(live: GateMeasure, patch: MeasurePatch): string | undefined {
  if (patch.kind !== undefined && patch.kind !== live.kind) return `it measured a ${live.kind}, not a ${patch.kind}`;
  const asked = live as unknown as Readonly<Record<string, unknown>>;
  for (const [key, value] of Object.entries(patch)) {
    const name = IN_SPECS[key] ?? key;
    if (name === 'metrics') {
      const other = otherMetric(live, value as readonly Metric[]);
      if (other !== undefined) return other;
    } else if (isQuestion(live, name) && hashOf(asked[name] ?? null) !== hashOf(value)) {
      return `another ${key} was asked for, and what this one would have given was never recorded`;
    }
  }
  return undefined;
}

function otherMetric(live: GateMeasure, metrics: readonly Metric[]): string | undefined {
  if (live.kind !== 'comparison') return undefined;
  for (const { name, canary, baseline } of metrics) {
    const known = live.metrics.find((metric) => metric.name === name);
    if (known === undefined) return `metric ${name ?? '?'} was never recorded`;
    if ((canary ?? known.canary) !== known.canary || (baseline ?? known.baseline) !== known.baseline)
      return `metric ${name ?? '?'} was asked with another query`;
  }
  return undefined;
}

const otherValue = (name: string, live: unknown, wanted: unknown): string | undefined =>
  wanted === undefined || wanted === live ? undefined : `it was measured with another ${name}`;

function otherPhase(live: GateSpec, { at }: GateSpec): string | undefined {
  const missing = at.find((phase) => !live.at.includes(phase));
  return missing === undefined ? undefined : `it was never measured at the phase ${missing}`;
}
