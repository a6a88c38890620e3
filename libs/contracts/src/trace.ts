import { sha256 } from './hashing.js';

/** The header, of NATS and of HTTP, that carries a trace context (W3C Trace Context 1). */
export const TRACE_HEADER = 'traceparent';

/** `00-<trace id>-<span id>-<flags>`; version 00 only, and no id of nothing but zeros. */
export const TRACEPARENT_PATTERN = '^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$';

const PATTERN = new RegExp(TRACEPARENT_PATTERN);

/** A place in a trace: the span that what follows belongs to. */
export interface TraceContext {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** Whoever began the trace wants it recorded. */
  readonly sampled: boolean;
}

/** The context that a traceparent names; undefined when there is none, or it is not one: a trace is never a fault. */
export function readTraceparent(text: string | undefined): TraceContext | undefined {
  if (text === undefined || !PATTERN.test(text)) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = text.split('-');
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export const traceparentOf = ({ traceId, spanId, sampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;

/**
 * The id of the span that these names stand for, the same in every process and after every restart: who sends work on
 * and who tells how it ended need not be one process.
 */
export const spanIdOf = (...names: readonly (string | number)[]): string => {
  const id = sha256(names.join('\n')).slice(0, 16);
  return /^0+$/.test(id) ? `${id.slice(0, 15)}1` : id;
};

/** The same trace, one span further down. */
export const childOf = (parent: TraceContext, ...names: readonly (string | number)[]): TraceContext => ({
  ...parent,
  spanId: spanIdOf(...names),
});

/** The executor's spans: the rollout, and each stage of it. */
export const rolloutSpan = (planned: TraceContext, rollout: string): TraceContext =>
  childOf(planned, rollout, 'rollout');
export const stageSpan = (planned: TraceContext, rollout: string, stage: number): TraceContext =>
  childOf(planned, rollout, 'stage', stage);
