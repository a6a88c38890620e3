import { createServer, type Server, type ServerResponse } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';

import type { ProcessMetrics } from './prometheus.js';

export const METRICS_PATH = '/metrics';

export interface MetricsServerOptions {
  readonly metrics: ProcessMetrics;
  /** Loopback when absent: what an installation deploys is nobody else's business. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface RunningMetricsServer {
  readonly name: string;
  /** `http://host:port/metrics`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves the metrics of this process and nothing else. Code of the thrown error when the port is taken: EADDRINUSE. */
export async function serveMetrics({
  metrics,
  host = '127.0.0.1',
  port,
}: MetricsServerOptions): Promise<RunningMetricsServer> {
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
    const isAsked = request.url?.split('?', 1)[0] === METRICS_PATH;
    if (isAsked && (request.method === 'GET' || request.method === 'HEAD')) void tell(metrics, response);
    else response.writeHead(isAsked ? 405 : 404, isAsked ? { allow: 'GET, HEAD' } : {}).end();
  });
  server.maxConnections = 64;
  await listening(server, host, port);
  const { port: taken } = server.address() as AddressInfo;
  return {
    name: 'metrics',
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${taken}${METRICS_PATH}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function tell(metrics: ProcessMetrics, response: ServerResponse): Promise<void> {
  try {
    const text = await metrics.render();
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
  } catch {
    response.writeHead(500).end();
  }
}
