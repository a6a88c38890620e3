import { type Clock, isSluiceError, SluiceError } from '@sluice/kernel';

import { exchange, reasonOf } from '../http/exchange.js';
import type { SourceClient } from '../http/source-client.js';
import { pause, within } from '../http/within.js';
import { authorizationOf } from '../http/words.js';
import { isPerHost } from '../sources.js';
import { Matcher, missesOf } from './checks.js';
import { SMOKE_LIMITS, type SmokeQuestion, type SmokeRequest, type SmokeResult } from './port.js';
import { readRecording } from './recording.js';
import { headersOf, isMutating, requestOf } from './requests.js';
import { digestOf, SmokeTally } from './tally.js';

/** Sends the requests of a question at its pace. Throws the codes of a measurement when nothing can be sent at all. */
export async function runSmoke(client: SourceClient, question: SmokeQuestion, clock: Clock): Promise<SmokeResult> {
  const address = addressOf(client, question.place);
  const extra = headersOf(question.headers ?? {}, (what) => invalid(`the question: ${what}`));
  const all = await requestsOf(client, question.send);
  const requests = question.mutating === true ? all : all.filter((request) => !isMutating(request));
  const skipped = all.length - requests.length;
  if (requests.length === 0) throw new SluiceError('SMOKE_EMPTY', emptyWords(skipped));
  const pace = paceOf(question, requests.length);
  // It ends by itself. Before that, it may have to wait for as long as others run.
  const bound = SMOKE_LIMITS.timeoutMs.most + pace.timeoutMs + client.source.timeoutMs;
  return client.use(bound, async (signal) => {
    const secret = address.isOwn ? await client.secret(signal) : undefined;
    const authorization = secret === undefined ? {} : { authorization: authorizationOf(secret) };
    const headers = { ...extra, ...authorization };
    const sending = new Sending({ base: address.base, headers, requests, pace, clock, signal, client });
    const started = performance.now();
    const tally = await sending.run();
    const elapsedMs = Math.round(performance.now() - started);
    return tally.result({ wanted: requests.length, skipped, elapsedMs, digest: digestOf(requests) });
  });
}

interface Pace {
  readonly everyMs: number;
  readonly atOnce: number;
  readonly timeoutMs: number;
}

function paceOf(question: SmokeQuestion, requests: number): Pace {
  const { perSecond, concurrency, timeoutMs } = SMOKE_LIMITS;
  const picked = (name: 'perSecond' | 'concurrency' | 'timeoutMs', most: number, usual: number): number => {
    const value = question[name] ?? usual;
    if (value > 0 && value <= most) return value;
    throw new SluiceError('QUERY_INVALID', `${name} of a smoke test is above 0 and at most ${most}`);
  };
  const everyMs = 1_000 / picked('perSecond', perSecond.most, perSecond.usual);
  const needed = Math.min(requests * everyMs + timeoutMs.spare, timeoutMs.most);
  return {
    everyMs,
    atOnce: Math.ceil(picked('concurrency', concurrency.most, concurrency.usual)),
    timeoutMs: picked('timeoutMs', timeoutMs.most, needed),
  };
}

interface Address {
  readonly base: string;
  /** It is the configured one: only that gets the credential. */
  readonly isOwn: boolean;
}

function addressOf({ source, who }: SourceClient, place: SmokeQuestion['place']): Address {
  const wrong = (what: string): SluiceError => new SluiceError('QUERY_INVALID', `${who} ${what}`);
  if (place !== undefined && 'baseUrl' in place) return { base: baseOf(place.baseUrl, wrong), isOwn: false };
  const wantsHost = isPerHost(source);
  if (place === undefined && wantsHost) throw wrong('wants a host for the {host} of its address');
  if (place === undefined) return { base: source.url, isOwn: true };
  if (!wantsHost) throw wrong('has no {host} in its address, so it tests no single host');
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/.test(place.host)) throw wrong('is asked for what is no name of a host');
  return { base: source.url.replace('{host}', place.host), isOwn: true };
}

function baseOf(text: string, wrong: (what: string) => SluiceError): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const extras = url === undefined ? '' : url.username + url.password + url.search + url.hash;
  if (url === undefined || !/^https?:$/.test(url.protocol) || extras !== '')
    throw wrong('is asked for an address that is not http://host:port/path');
  return url.href.replace(/\/+$/, '');
}

function requestsOf(
  client: SourceClient,
  send: SmokeQuestion['send'],
): Promise<readonly SmokeRequest[]> | readonly SmokeRequest[] {
  const { requests: most } = SMOKE_LIMITS;
  if (send.kind === 'recorded') {
    const limit = Math.min(Math.max(1, send.limit ?? most), most);
    return readRecording(client.source.recording, limit);
  }
  if (send.requests.length > most) throw invalid(`a smoke test sends at most ${most} requests`);
  return send.requests.map((request, i) => requestOf(request, `request ${i + 1}`));
}

interface SendingDeps {
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly requests: readonly SmokeRequest[];
  readonly pace: Pace;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly client: SourceClient;
}

/** Begins a request when its time has come and one of the places is free, until the time is over. */
class Sending {
  readonly #tally = new SmokeTally();
  readonly #started = performance.now();
  readonly #matcher = new Matcher();
  #next = 0;

  constructor(private readonly deps: SendingDeps) {}

  async run(): Promise<SmokeTally> {
    const { atOnce } = this.deps.pace;
    await Promise.all(Array.from({ length: atOnce }, () => this.#worker()));
    return this.#tally;
  }

  async #worker(): Promise<void> {
    const { requests, pace, signal, clock } = this.deps;
    for (let n = this.#next; n < requests.length; n = this.#next) {
      this.#next += 1;
      const due = n * pace.everyMs;
      if (Math.max(due, this.#elapsed()) >= pace.timeoutMs) return;
      if (due > this.#elapsed()) await pause(clock, due - this.#elapsed(), signal);
      const request = requests[n];
      if (request !== undefined) await this.#send(n + 1, request);
    }
  }

  async #send(n: number, request: SmokeRequest): Promise<void> {
    const { client, clock, base, signal } = this.deps;
    const { method = 'GET', body } = request;
    const url = new URL(`${base}${request.path}`);
    const headers = { 'user-agent': 'sluice-smoke', ...request.headers, ...this.deps.headers };
    const started = performance.now();
    try {
      const answer = await within({ clock, timeoutMs: client.source.timeoutMs, stop: signal }, 'it', (own) =>
        exchange({ url, method, headers, body, maxBytes: SMOKE_LIMITS.bodyBytes, signal: own }),
      );
      const ms = performance.now() - started;
      this.#tally.answered(n, request, ms, missesOf(answer, ms, request, this.#matcher));
    } catch (error) {
      signal.throwIfAborted();
      const isLate = isSluiceError(error, 'SOURCE_TIMEOUT');
      this.#tally.silent(n, request, isLate ? `no answer within ${client.source.timeoutMs} ms` : reasonOf(error));
    }
  }

  #elapsed(): number {
    return performance.now() - this.#started;
  }
}

const emptyWords = (skipped: number): string =>
  skipped === 0
    ? 'the smoke test has no requests: nothing is tested, so nothing passes'
    : `all ${skipped} requests would change something, and such ones are not sent again: record some that only read`;

const invalid = (words: string): SluiceError => new SluiceError('RECORDING_INVALID', words);
