import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface Exchange {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Of the answer's body; what comes after is not read. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface Exchanged {
  readonly status: number;
  /** Media type, without parameters. */
  readonly type: string;
  readonly text: string;
  readonly isCut: boolean;
}

/**
 * One request on a connection of its own, so that a balancer chooses anew each time. Redirects are not followed: they
 * would carry the question, and perhaps a credential, to a place that nobody configured. Not by fetch, which sends no
 * `host` of the caller's, and a canary is often addressed by it. Rejects with what Node says, or the signal's reason.
 */
export async function exchange({ url, method, headers, body, maxBytes, signal }: Exchange): Promise<Exchanged> {
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = url.protocol === 'https:' ? requestHttps : requestHttp;
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const sent = request(url, { method, headers: { ...headers, ...length }, signal, agent: false }, resolve);
      sent.on('error', reject);
      sent.end(body);
    });
    const { text, isCut } = await bodyOf(response, maxBytes);
    const [type = ''] = (response.headers['content-type'] ?? '').split(';');
    return { status: response.statusCode ?? 0, type: type.trim().toLowerCase(), text, isCut };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

async function bodyOf(response: IncomingMessage, maxBytes: number): Promise<{ text: string; isCut: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBytes) break;
    }
  } finally {
    response.destroy();
  }
  const all = Buffer.concat(chunks).subarray(0, maxBytes);
  return { text: all.toString('utf8'), isCut: bytes > maxBytes };
}

/** What Node says of a failure may repeat addresses and headers; its code does not. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'the connection failed';
