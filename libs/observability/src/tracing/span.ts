import { randomBytes } from 'node:crypto';

import type { TraceContext } from '@sluice/contracts';

export type SpanKind = 'internal' | 'server' | 'consumer';

/** A span that has ended. Times are ms since the epoch. */
export interface SpanRecord {
  readonly name: string;
  readonly kind: SpanKind;
  /** The span itself. */
  readonly at: TraceContext;
  /** Id of the span above it; absent for the first of a trace. */
  readonly parent?: string;
  readonly from: number;
  readonly to: number;
  /** Never a secret. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** What went wrong, when something did. */
  readonly fault?: string;
}

/**
 * Where ended spans go. A span of a rollout can last for weeks and outlive the process that began it, so spans are
 * told whole when they end, from facts that are in a log or a journal. It neither throws nor waits.
 */
export interface SpanSink {
  emit(span: SpanRecord): void;
}

/** A trace that begins here. */
export const newTrace = (): TraceContext => ({
  traceId: randomBytes(16).toString('hex'),
  spanId: randomBytes(8).toString('hex'),
  sampled: true,
});

/** A new span below a context, or the first of a new trace. */
export const childSpan = (parent: TraceContext | undefined): TraceContext =>
  parent === undefined ? newTrace() : { ...parent, spanId: randomBytes(8).toString('hex') };
