import { type Clock, isSluiceError, SluiceError } from '@sluice/kernel';

import type { GateSource } from '../sources.js';
import { exchange, type Exchanged, reasonOf } from './exchange.js';
import { Slots } from './slots.js';
import { unlessAborted, within } from './within.js';
import { authorizationOf, wordsWithout } from './words.js';

export interface SourceDeps {
  readonly clock: Clock;
  /** What a reference such as env:NAME stands for; asked for each question, so that it may be replaced at any time. */
  readonly secretOf: (reference: string) => Promise<string>;
  /** Aborted when the service stops. */
  readonly stop?: AbortSignal | undefined;
}

export interface JsonAnswer {
  readonly status: number;
  readonly document: unknown;
  /** Makes the source's own words fit to be told. */
  readonly words: (text: string, most?: number) => string;
}

/** Asked for while somebody waits for each: a source that is slow must not gather questions without end. */
const MOST_WAITING = 100;

/** Questions to one source over HTTP: bounded in time, in number and in size. */
export class SourceClient {
  /** As errors name it. Never its address: paths and queries of addresses carry keys. */
  readonly who: string;
  readonly #slots: Slots;

  constructor(
    readonly source: GateSource,
    private readonly deps: SourceDeps,
  ) {
    this.who = `${source.kind} ${source.name}`;
    this.#slots = new Slots(source.concurrency, MOST_WAITING);
  }

  /** In one of the source's slots; waiting for one counts for the time, too. */
  use<T>(timeoutMs: number, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, stop } = this.deps;
    return within({ clock, timeoutMs, stop }, this.who, (signal) =>
      this.#slots.use(this.who, signal, () => act(signal)),
    );
  }

  /** Code SECRET_UNREADABLE, with the reference and never what stands there. */
  async secret(signal: AbortSignal): Promise<string | undefined> {
    const { auth } = this.source;
    if (auth === undefined) return undefined;
    try {
      return await unlessAborted(this.deps.secretOf(auth.bearerFrom), signal);
    } catch {
      signal.throwIfAborted();
      const words = `the credential of ${this.who} cannot be read at ${auth.bearerFrom}: put it there`;
      throw new SluiceError('SECRET_UNREADABLE', words);
    }
  }

  /** POSTs a document to the source's address with `path` behind it. Any status that comes with JSON is an answer. */
  post(path: string, content: { readonly type: string; readonly body: string }, maxBytes: number): Promise<JsonAnswer> {
    return this.use(this.source.timeoutMs, async (signal) => {
      const secret = await this.secret(signal);
      const headers = {
        accept: 'application/json',
        'content-type': content.type,
        ...(secret === undefined ? {} : { authorization: authorizationOf(secret) }),
      };
      const url = new URL(`${this.source.url}${path}`);
      const answer = await this.#sent({ url, method: 'POST', headers, body: content.body, maxBytes, signal });
      return { status: answer.status, document: this.#documentOf(answer, maxBytes), words: wordsWithout(secret) };
    });
  }

  async #sent(request: Parameters<typeof exchange>[0]): Promise<Exchanged> {
    try {
      return await exchange(request);
    } catch (error) {
      if (isSluiceError(error)) throw error;
      throw new SluiceError('SOURCE_UNAVAILABLE', `${this.who} cannot be reached: ${reasonOf(error)}`);
    }
  }

  #documentOf({ status, type, text, isCut }: Exchanged, maxBytes: number): unknown {
    // By the status first: an error page of a proxy says nothing else that helps.
    if (status >= 300 && status < 400)
      throw new SluiceError(
        'SOURCE_REFUSED',
        `${this.who} answers with a redirect (status ${status}): set its address`,
      );
    if (isCut) {
      const words = `${this.who} answers with more than ${maxBytes} bytes: ask for less`;
      throw this.fault(status) ?? new SluiceError('ANSWER_TOO_LARGE', words);
    }
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw (
        this.fault(status) ??
        new SluiceError('ANSWER_INVALID', `${this.who} answers with ${kindOf(type)}, not JSON: check its address`)
      );
    }
  }

  /** What a status means that is none of success. */
  fault(status: number, said = ''): SluiceError | undefined {
    if (status >= 200 && status < 300) return undefined;
    const words = `${this.who} answers with status ${status}${said === '' ? '' : `: ${said}`}`;
    const isPassing = status >= 500 || status === 429 || status === 408;
    return isPassing
      ? new SluiceError('SOURCE_UNAVAILABLE', words)
      : new SluiceError('SOURCE_REFUSED', `${words}; check its address and credential`);
  }
}

const kindOf = (type: string): string => (/^[a-z]+\/[a-z0-9.+-]{1,60}$/.test(type) ? type : 'something');
