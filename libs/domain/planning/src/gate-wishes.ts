import {
  BUILT_IN_GATES,
  type BuiltInGate,
  type DeployRequest,
  type GateDocument,
  type GateMeasure,
  type GatePhase,
  type GateSpec,
  type Plan,
} from '@sluice/contracts';
import { formatDuration } from '@sluice/kernel';

import { DEFAULT_GATES, GATE_DEFAULTS } from './defaults.js';
import type { FaultList } from './faults.js';
import { type GateContext, measureOf, spanOf } from './gate-measures.js';

/** A statistic, a test or a judge looks at the end of a stage, an error budget all the time. */
const PHASES: Readonly<Record<GateMeasure['kind'], readonly GatePhase[]>> = {
  threshold: ['during', 'exit'],
  burnRate: ['during'],
  comparison: ['exit'],
  smoke: ['exit'],
  facts: ['during', 'exit'],
  webhook: ['exit'],
};

const MAX_INTERVAL_MS = 3_600_000;

/**
 * The gates of a plan: the built-in ones by name, and those that measure with every default filled in. A list that only
 * names gates that measure leaves the built-in ones as they are by default. Codes: GATE_TWICE, GATE_RESERVED,
 * GATE_NO_SOURCE and those of measureOf.
 */
export function gatesOf(
  list: FaultList,
  asked: DeployRequest['gates'],
  context: GateContext,
): Pick<Plan, 'gates' | 'gateSpecs'> {
  const gates = asked ?? DEFAULT_GATES.filter(isBuiltIn);
  const builtIn = gates.filter((gate): gate is BuiltInGate => typeof gate === 'string');
  refuseTwice(list, gates);
  const gateSpecs = gates.flatMap((gate, i): GateSpec[] =>
    typeof gate === 'string' ? [] : [specOf(list, `/gates/${i}`, gate, context)],
  );
  if (gateSpecs.length === 0) return { gates: builtIn };
  return { gates: builtIn.length === 0 ? DEFAULT_GATES : builtIn, gateSpecs };
}

const isBuiltIn = (name: string): name is BuiltInGate => BUILT_IN_GATES.some((each) => each === name);

function refuseTwice(list: FaultList, gates: NonNullable<DeployRequest['gates']>): void {
  const seen = new Set<string>();
  for (const [i, gate] of gates.entries()) {
    const name = typeof gate === 'string' ? gate : gate.name;
    const path = typeof gate === 'string' ? `/gates/${i}` : `/gates/${i}/name`;
    if (typeof gate !== 'string' && isBuiltIn(name))
      list.add(path, 'GATE_RESERVED', `"${name}" is a gate that there is anyway: give this one another name`);
    else if (seen.has(name)) list.add(path, 'GATE_TWICE', `"${name}" stands there twice: remove or rename one`);
    seen.add(name);
  }
}

function specOf(list: FaultList, path: string, gate: GateDocument, context: GateContext): GateSpec {
  const { name, source, onFail = 'brake', measure: document } = gate;
  const at = gate.at ?? PHASES[document.kind];
  const intervalMs = intervalOf(list, `${path}/interval`, gate.interval);
  if (source === undefined && document.kind !== 'facts') {
    const message = 'is missing: name a source of the health-gate (SLUICE_GATE_SOURCES) that this gate asks';
    list.add(`${path}/source`, 'GATE_NO_SOURCE', message);
  }
  const goesOn = at.includes('during');
  return {
    name,
    ...(source === undefined ? {} : { source }),
    at,
    onFail,
    intervalMs,
    limits: { ...GATE_DEFAULTS.limits, ...gate.limits },
    measure: measureOf(document, { ...context, list, path: `${path}/measure`, intervalMs, goesOn }),
  };
}

function intervalOf(list: FaultList, path: string, text: string | undefined): number {
  const ms = spanOf(list, path, text, GATE_DEFAULTS.intervalMs);
  if (ms > MAX_INTERVAL_MS) list.add(path, 'TOO_LONG', `may be at most ${formatDuration(MAX_INTERVAL_MS)}`);
  return Math.min(ms, MAX_INTERVAL_MS);
}
