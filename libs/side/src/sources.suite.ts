import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { vi } from 'vitest';
import type { WeightDocument } from './document.js';

/** `flop` is the new side. */
export const flopAt = (percent: number, version: number): WeightDocument => ({
  v: 1,
  group: 'search',
  version,
  weights: { flip: 100 - percent, flop: percent },
  rolloutId: null,
  since: 1_763_737_200_000 + version,
});

/** As Sluice writes it: readers see the old file or the new one, never a half. */
export function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

export const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 30_000, interval: 5 });

export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

/** On a free port of loopback. */
export async function listen(listener: RequestListener): Promise<Listening> {
  const server: Server = createServer(listener).listen(0, '127.0.0.1');
  // A test may stand still for longer than the usual five seconds.
  server.keepAliveTimeout = 120_000;
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Serves a document with an ETag, until it is told to answer in another way. */
export class WeightServer {
  readonly answered = { whole: 0, unchanged: 0, otherwise: 0 };
  readonly headers: Record<string, string | string[] | undefined>[] = [];
  #text = '';
  #etag = '';
  #otherwise: ((response: ServerResponse) => void) | undefined;

  constructor(document: WeightDocument) {
    this.publish(document);
  }

  publish(document: WeightDocument): void {
    this.#text = JSON.stringify(document);
    this.#etag = `"${document.group}-${document.version}"`;
    this.#otherwise = undefined;
  }

  answerOtherwise(answer: (response: ServerResponse) => void): void {
    this.#otherwise = answer;
  }

  readonly listener: RequestListener = (request, response) => {
    this.headers.push(request.headers);
    if (this.#otherwise !== undefined) {
      this.answered.otherwise += 1;
      return this.#otherwise(response);
    }
    const unchanged = request.headers['if-none-match'] === this.#etag;
    this.answered[unchanged ? 'unchanged' : 'whole'] += 1;
    response.writeHead(unchanged ? 304 : 200, { etag: this.#etag, 'content-type': 'application/json' });
    return void response.end(unchanged ? undefined : this.#text);
  };
}
