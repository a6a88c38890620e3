import { formatDuration, isSluiceError, messageOf, SluiceError } from '@sluice/kernel';

import type { CmdbAnswer, CmdbSource } from './port.js';

export interface HttpCmdbOptions {
  /** With `{group}` where the name of the group belongs. */
  readonly url: string;
  /** Asked for each question, so that a credential may be replaced at any time. Code SECRET_UNREADABLE. */
  readonly credential?: () => Promise<string>;
  /** For one question, its answer's body included. */
  readonly timeoutMs: number;
  readonly maxBytes?: number;
}

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_ETAG = 256;

/** A CMDB that answers GET with a group as JSON. Neither its address nor a credential is ever part of an error. */
export class HttpCmdb implements CmdbSource {
  readonly #host: string;

  constructor(private readonly options: HttpCmdbOptions) {
    this.#host = new URL(options.url).host;
  }

  async fetch(group: string, etag?: string): Promise<CmdbAnswer> {
    const headers = await this.#headers(etag);
    const url = this.options.url.replaceAll('{group}', encodeURIComponent(group));
    const signal = AbortSignal.timeout(this.options.timeoutMs);
    try {
      // A redirect would carry the question, and perhaps the credential, to a place that nobody configured.
      return await this.#answer(await fetch(url, { headers, signal, redirect: 'manual' }));
    } catch (error) {
      if (isSluiceError(error)) throw error;
      throw this.#fault('CMDB_UNAVAILABLE', `did not answer: ${this.#reasonOf(error)}`);
    }
  }

  async #headers(etag: string | undefined): Promise<Record<string, string>> {
    const secret = await this.options.credential?.();
    return {
      accept: 'application/json',
      ...(etag === undefined ? {} : { 'if-none-match': etag }),
      ...(secret === undefined ? {} : { authorization: secret.includes(' ') ? secret : `Bearer ${secret}` }),
    };
  }

  async #answer(response: Response): Promise<CmdbAnswer> {
    const { status } = response;
    if (status === 200) return this.#document(response);
    await response.body?.cancel();
    if (status === 304) return { kind: 'unchanged' };
    if (status === 404 || status === 410) return { kind: 'unknown' };
    const isPassing = status >= 500 || status === 429 || status === 408;
    throw isPassing
      ? this.#fault('CMDB_UNAVAILABLE', `answered with status ${status}`)
      : this.#fault('CMDB_REFUSED', `refused with status ${status}: check its address and credential`);
  }

  async #document(response: Response): Promise<CmdbAnswer> {
    const text = await this.#bounded(response);
    const etag = response.headers.get('etag');
    try {
      const document: unknown = JSON.parse(text);
      return { kind: 'document', document, ...(etag === null || etag.length > MAX_ETAG ? {} : { etag }) };
    } catch {
      throw this.#fault('CMDB_INVALID', 'answered with something that is no JSON');
    }
  }

  async #bounded({ body }: Response): Promise<string> {
    const most = this.options.maxBytes ?? MAX_BYTES;
    const decoder = new TextDecoder();
    let [text, bytes] = ['', 0];
    for await (const chunk of body ?? []) {
      bytes += chunk.length;
      if (bytes > most) throw this.#fault('CMDB_INVALID', `answered with more than ${most} bytes: split the group`);
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  }

  /** What fetch says of a failure may repeat headers; its code does not. */
  #reasonOf(error: unknown): string {
    if (!(error instanceof Error)) return messageOf(error);
    if (error.name === 'TimeoutError') return `nothing within ${formatDuration(this.options.timeoutMs)}`;
    const { cause } = error;
    return cause instanceof Error && 'code' in cause ? String(cause.code) : 'the connection failed';
  }

  #fault(code: string, what: string): SluiceError {
    return new SluiceError(code, `the CMDB at ${this.#host} ${what}`);
  }
}
