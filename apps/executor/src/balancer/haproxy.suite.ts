import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { RunningHaproxy } from '@sluice/testing';
import { expect, vi } from 'vitest';

/** One host's app: it answers with its name, and to `/slow` only when it is let go. */
export interface Backend {
  readonly name: string;
  readonly port: number;
  readonly letGo: () => void;
  readonly stop: () => Promise<void>;
}

export async function startBackend(name: string): Promise<Backend> {
  const slow: (() => void)[] = [];
  const server: Server = createServer((asked, response) => {
    if (asked.url === '/slow') slow.push(() => response.end(name));
    else response.end(name);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    name,
    port,
    letGo: () => slow.splice(0).forEach((answer) => answer()),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Which servers take requests now, by the name that they answer with. */
export async function serving(haproxy: RunningHaproxy, times = 8): Promise<string[]> {
  const names = new Set<string>();
  for (let i = 0; i < times; i += 1) names.add((await haproxy.get()) ?? '');
  return [...names].toSorted();
}

export const eventually = (check: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(check, { timeout: 30_000, interval: 50 });

/** Code of what a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  const error: unknown = await promise.then(
    () => expect.fail('it was done'),
    (reason: unknown) => reason,
  );
  return error instanceof Error && 'code' in error ? error.code : error;
}
