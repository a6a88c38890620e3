import { type GatePhase, type GateSpec, specsAt, type Stage } from '@sluice/contracts';

import { type OpenRequest, type OpenStage, type RolloutWatch, verdictKey } from '../watch/rollout-watch.js';

/** A gate of the plan that is to be measured now, in one phase and round of a stage. Times are ms since the epoch. */
export interface GateRow {
  readonly key: string;
  readonly spec: GateSpec;
  readonly phase: GatePhase;
  readonly stage: Stage;
  readonly round: number;
  readonly openedAt: number;
  /** Values from before say nothing about what is judged; undefined: they do. */
  readonly since: number | undefined;
  readonly passNotBefore: number;
  /** Log position of what opened it. */
  readonly position: number;
  readonly cause: string;
  readonly corr: string;
}

/** The gates that the rollout wants measured: those of its open request, and those that go along with its stage. */
export function rowsOf(watch: RolloutWatch): readonly GateRow[] {
  if (!watch.loaded || watch.state.plan?.gateSpecs === undefined) return [];
  const { request, open } = watch;
  return [
    ...(request === undefined ? [] : rowsOfRequest(watch, request)),
    ...(open === undefined ? [] : rowsOfStage(watch, open)),
  ];
}

/** Gates that only record are asked for by nobody: they go along with those that decide. */
function rowsOfRequest(watch: RolloutWatch, request: OpenRequest): readonly GateRow[] {
  const { stage, phase, round, at, passNotBefore, position, cause, corr } = request;
  // What braked before and was released is not held against it again.
  const since = phase === 'entry' ? undefined : round > 1 ? at : changedAt(watch, stage, at);
  return specsAt(watch.plan, stage, phase)
    .filter(({ name, onFail }) => onFail === 'record' || request.gates.includes(name))
    .map((spec) => ({
      ...{ key: verdictKey(phase, stage.index, round, spec.name), spec, phase, stage, round },
      ...{ openedAt: at, since, passNotBefore, position, cause, corr },
    }));
}

/** A gate's brake in the stage that was released begins a new round, as the rollout counts them. Without traffic there is nothing to measure yet. */
function rowsOfStage(watch: RolloutWatch, open: OpenStage): readonly GateRow[] {
  const { stage, enteredAt, position, cause, corr, releasedAt, isPassed } = open;
  const begun = stage.traffic?.kind === 'weight' ? open.publishedAt : enteredAt;
  if (begun === undefined) return [];
  const since = releasedAt ?? begun;
  const base = { stage, round: 1 + watch.state.stage.releases, openedAt: since, position, cause, corr };
  const row = (spec: GateSpec, phase: GatePhase, more: Pick<GateRow, 'since' | 'passNotBefore'>): GateRow => ({
    ...{ key: verdictKey(phase, stage.index, base.round, spec.name), spec, phase, ...base, ...more },
  });
  const dwellMs = stage.traffic?.kind === 'weight' ? stage.traffic.dwellMs : 0;
  return [
    ...specsAt(watch.plan, stage, 'during').map((spec) => row(spec, 'during', { since, passNotBefore: since })),
    // Between two stages only what watches goes on: what the last one brought serves all the while.
    ...(isPassed ? [] : unasked(watch, stage, 'entry')).map((spec) =>
      row(spec, 'entry', { since: undefined, passNotBefore: since }),
    ),
    ...(isPassed ? [] : unasked(watch, stage, 'exit')).map((spec) =>
      row(spec, 'exit', { since, passNotBefore: since + dwellMs }),
    ),
  ];
}

/** Where no gate decides nobody asks, and those that only record go along with the stage. */
function unasked(watch: RolloutWatch, stage: Stage, phase: 'entry' | 'exit'): readonly GateSpec[] {
  const asked = phase === 'entry' ? stage.entryGates : stage.gates;
  return asked.length > 0 ? [] : specsAt(watch.plan, stage, phase).filter(({ onFail }) => onFail === 'record');
}

/** When the last thing changed that is judged at the exit: the weight was in force, or the last target came through. */
function changedAt(watch: RolloutWatch, stage: Stage, askedAt: number): number {
  if (stage.traffic !== undefined) return Math.min(askedAt, watch.open?.publishedAt ?? askedAt);
  let last: number | undefined;
  for (const target of watch.cameThrough(stage)) {
    const at = watch.cameThroughAt.get(target);
    if (at !== undefined) last = Math.max(last ?? at, at);
  }
  return Math.min(askedAt, last ?? askedAt);
}

/** When a row is measured for the first time. A source needs so long until enough values can be there at all. */
export function firstDue(row: GateRow): number {
  const { phase, openedAt, since = openedAt, passNotBefore, spec } = row;
  if (phase === 'entry') return openedAt;
  const enough = since + warmUpMs(spec);
  if (phase === 'during') return Math.max(openedAt + spec.intervalMs, enough);
  const first = Math.max(openedAt, spec.measure.kind === 'comparison' ? openedAt + spacing(row) : enough);
  return passNotBefore > openedAt ? Math.min(first, passNotBefore) : first;
}

/** When it is measured next after `at`: also exactly when it may pass at last. */
export function nextDue(row: GateRow, at: number): number {
  const next = at + (row.phase === 'exit' ? spacing(row) : row.spec.intervalMs);
  return at < row.passNotBefore && next > row.passNotBefore ? row.passNotBefore : next;
}

/** The looks of a comparison are spread over the time that the stage is watched, so that the last is at its end. */
function spacing({ spec, openedAt, passNotBefore }: GateRow): number {
  const { measure, intervalMs } = spec;
  if (measure.kind !== 'comparison') return intervalMs;
  return Math.max(intervalMs, Math.ceil((passNotBefore - openedAt) / measure.looks));
}

function warmUpMs({ measure }: GateSpec): number {
  if (measure.kind === 'threshold') return measure.n * measure.stepMs;
  return measure.kind === 'comparison' ? measure.minSamples * measure.stepMs : 0;
}
