import { type Metrics, METRICS_PATH, type ProcessMetrics, SHORT_SECONDS } from '@sluice/observability';

import type { Reply } from './exchange.js';

/** What looks on at the API, and the page with what all of this process counts. */
export interface Onlookers {
  readonly metrics?: Metrics;
  /** Served at /metrics to whoever has a token; not served when absent. */
  readonly metricsPage?: ProcessMetrics;
}

/** What is used of a Fastify request and reply once it was answered. */
interface Answered {
  readonly method: string;
  /** The route's address with `:id`: of these there are as many as there are operations. */
  readonly routeOptions: { readonly url?: string | undefined };
}

interface Answer {
  readonly statusCode: number;
  /** ms. */
  readonly elapsedTime: number;
}

export type OnResponse = (request: Answered, reply: Answer, done: () => void) => void;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Answers by route and status, and how long they took; live streams end when their client leaves. */
export function meterAnswers(metrics: Metrics): OnResponse {
  const answers = metrics.counter({
    name: 'sluice_http_requests_total',
    help: 'Answers of the API.',
    labels: { method: METHODS, route: 100, status: 32 },
  });
  const seconds = metrics.histogram({
    name: 'sluice_http_request_seconds',
    help: 'From the first byte of a request to the last of its answer.',
    labels: { route: 100 },
    buckets: SHORT_SECONDS,
  });
  return ({ method, routeOptions }, { statusCode, elapsedTime }, done) => {
    const route = routeOptions.url ?? 'none';
    answers.add(1, { method, route, status: String(statusCode) });
    seconds.observe(elapsedTime / 1_000, { route });
    done();
  };
}

/** The page is no part of the API's document: whoever may ask who he is may read it, for it names apps and no more. */
export const METRICS_OPERATION = [`GET ${METRICS_PATH}`, 'getMe'] as const;

export const metricsPage =
  (metrics: ProcessMetrics) =>
  async (_request: unknown, reply: Reply): Promise<string> => {
    reply.header('content-type', metrics.contentType);
    return metrics.render();
  };
