import { childOf, readTraceparent, type RunCommand, type StepReport, type TraceContext } from '@sluice/contracts';
import type { SpanSink } from '@sluice/observability';

import type { Attempt, JournalRecord } from '../journal/records.js';

interface Ending {
  readonly stage: TraceContext;
  readonly run: RunCommand;
  /** ms since the epoch. */
  readonly at: number;
}

/**
 * The agent's spans: one for each run that names its trace, one below it for each step. They are told from what the
 * journal has made durable, so a run that goes on after a crash has the same ones.
 */
export function runTracer(
  sink: SpanSink,
  attempts: () => ReadonlyMap<string, Attempt>,
): (record: JournalRecord) => void {
  return (record) => {
    if (record.t !== 'done' && record.t !== 'ended') return;
    const attempt = attempts().get(record.attempt);
    const stage = readTraceparent(attempt?.run.trace);
    if (attempt === undefined || stage === undefined) return;
    const ending = { stage, run: attempt.run, at: record.at };
    if (record.t === 'done') tellStep(sink, ending, record.report);
    else tellRun(sink, ending, attempt.steps);
  };
}

const spanOfRun = (stage: TraceContext, { attempt }: RunCommand): TraceContext => childOf(stage, attempt, 'run');

function tellStep(sink: SpanSink, { stage, run, at }: Ending, { step, ok, ms, note, code }: StepReport): void {
  const above = spanOfRun(stage, run);
  sink.emit({
    name: step,
    kind: 'internal',
    at: childOf(above, run.attempt, 'step', step),
    parent: above.spanId,
    from: at - ms,
    to: at,
    attributes: { ...namesOf(run), step, ...(note === undefined ? {} : { note }) },
    ...(ok ? {} : { fault: code ?? 'FAILED' }),
  });
}

/** A run has no time of its own: it lasts as long as its steps, one after the other. */
function tellRun(sink: SpanSink, { stage, run, at }: Ending, steps: readonly StepReport[]): void {
  const failed = steps.find(({ ok }) => !ok);
  sink.emit({
    name: `run ${run.kind}`,
    kind: 'consumer',
    at: spanOfRun(stage, run),
    parent: stage.spanId,
    from: at - steps.reduce((sum, { ms }) => sum + ms, 0),
    to: at,
    attributes: { ...namesOf(run), app: run.spec.app, group: run.spec.group, version: run.spec.version },
    ...(failed === undefined ? {} : { fault: failed.code ?? 'FAILED' }),
  });
}

const namesOf = ({ rollout, attempt, host }: RunCommand) => ({ rollout, attempt, host });
