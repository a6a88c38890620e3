import type { Problem } from '@sluice/gateway';
import { messageOf } from '@sluice/kernel';

import { CliError, errorOfProblem, EXIT } from './exit.js';
import { type Operation, OPERATIONS } from './operations.js';

export interface ApiOptions {
  /** `http://host:port` */
  readonly url: string;
  /** `kind:id`; the gateway's default when absent. */
  readonly actor?: string;
  /** Sent as a bearer token, and never printed. */
  readonly token?: string;
  readonly newId: () => string;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Call {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** A JSON value, or text in `contentType`. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The same document twice is one rollout already; a key of its own would make it another one. */
const BY_CONTENT: ReadonlySet<Operation> = new Set<Operation>(['createRequest', 'createPreview']);

const TRIES = 3;
const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
/** Nothing was done, or it is not known and the key makes it safe. */
const WORTH_ANOTHER: ReadonlySet<number> = new Set([429, 503, 504]);

/** The gateway's API. Nothing else is spoken to. */
export class Api {
  constructor(private readonly options: ApiOptions) {}

  get url(): string {
    return this.options.url;
  }

  /** The answer's JSON. Throws a CliError whose exit code says what kind of refusal it was. */
  async call<T>(operation: Operation, call: Call = {}): Promise<T> {
    const response = await this.tried(operation, call);
    return (await response.json()) as T;
  }

  /** The response itself, for a stream. */
  async open(operation: Operation, call: Call): Promise<Response> {
    const response = await this.send(operation, call);
    if (!response.ok) throw await refusal(response);
    return response;
  }

  /** Commands carry one idempotency key over all tries, so a repeated one has one effect. */
  private async tried(operation: Operation, call: Call): Promise<Response> {
    const isPlain = OPERATIONS[operation][0] === 'GET' || BY_CONTENT.has(operation);
    const keyed = isPlain ? call : { ...call, headers: { 'idempotency-key': this.options.newId(), ...call.headers } };
    for (let tries = 1; ; tries += 1) {
      const response = await this.send(operation, keyed);
      if (response.ok) return response;
      if (tries === TRIES || !WORTH_ANOTHER.has(response.status)) throw await refusal(response);
      await response.body?.cancel();
      await this.options.sleep(pauseOf(response));
    }
  }

  private async send(operation: Operation, call: Call): Promise<Response> {
    const [method, path] = OPERATIONS[operation];
    const { actor, token, url } = this.options;
    const init: RequestInit = {
      method,
      headers: {
        accept: 'application/json',
        ...(actor === undefined ? {} : { 'x-sluice-actor': actor }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...typeOf(call),
        ...call.headers,
      },
      ...(call.body === undefined ? {} : { body: textOf(call) }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    };
    try {
      return await fetch(url + filled(path, call), init);
    } catch (error) {
      if (call.signal?.aborted === true) throw error;
      throw new CliError(
        EXIT.error,
        `the gateway at ${url} cannot be reached (${causeOf(error)}): start it with \`sluice up\`, or say where it is with --url or SLUICE_URL`,
      );
    }
  }
}

/** What Retry-After says, within reason. */
function pauseOf({ status, headers }: Response): number {
  const seconds = status === 429 ? Number(headers.get('retry-after') ?? 1) : 0;
  return seconds > 0 ? Math.min(seconds * 1_000, LONGEST_PAUSE_MS) : PAUSE_MS;
}

const typeOf = ({ body, contentType = 'application/json' }: Call): Record<string, string> =>
  body === undefined ? {} : { 'content-type': contentType };

/** Text of another type is sent as it is. */
const textOf = ({ body, contentType }: Call): string =>
  typeof body === 'string' && contentType !== undefined ? body : JSON.stringify(body);

const causeOf = (error: unknown): string =>
  messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);

function filled(path: string, { path: values = {}, query = {} }: Call): string {
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
  const given = Object.entries(query).flatMap<[string, string]>(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? address : `${address}?${new URLSearchParams(given).toString()}`;
}

async function refusal(response: Response): Promise<CliError> {
  const text = await response.text();
  try {
    const problem = JSON.parse(text) as Problem;
    if (typeof problem.code === 'string' && typeof problem.detail === 'string') return errorOfProblem(problem);
  } catch {
    // Not one of our problems: a proxy in between answered.
  }
  return new CliError(EXIT.error, `the gateway answered ${response.status} without saying why: is the address right?`);
}
