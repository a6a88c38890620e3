/** What must hold of an answer. Without a word on the status it must be 2xx. */
export interface SmokeExpectation {
  readonly status?: number | readonly number[];
  /** The body holds this text. */
  readonly contains?: string;
  /** A regular expression without flags. */
  readonly matches?: string;
  /** Most milliseconds up to the end of the answer. */
  readonly maxMs?: number;
}

/** One request and what its answer must be: in gates and in the lines of a recording alike. */
export interface SmokeRequest extends SmokeExpectation {
  /** GET when absent. */
  readonly method?: string;
  /** From `/` on, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface SmokeQuestion {
  readonly source: string;
  /**
   * Whom to address: the host that takes the place of `{host}` in the source's address, or another address altogether
   * (one that a fact tells, never a request's author: it gets no credential). The source's own address when absent.
   */
  readonly place?: { readonly host: string } | { readonly baseUrl: string };
  /** Sent with every request, such as `x-sluice-side` to reach the dark side; they win over those of a request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** `recorded`: the first `limit` requests of the source's recording. */
  readonly send:
    | { readonly kind: 'synthetic'; readonly requests: readonly SmokeRequest[] }
    | { readonly kind: 'recorded'; readonly limit?: number };
  /** Requests other than GET, HEAD and OPTIONS change something: they are skipped and counted unless this is true. */
  readonly mutating?: boolean;
  /** Requests that are begun in a second, at most. */
  readonly perSecond?: number;
  /** Requests under way at once. */
  readonly concurrency?: number;
  /** For all together: what was not begun by then is `unsent`. What the rate needs and half a minute when absent. */
  readonly timeoutMs?: number;
}

export type SmokeCheck = 'answer' | 'status' | 'body' | 'latency';

/** One request that was not as expected. The path comes without its query, which may carry a token. */
export interface SmokeExample {
  readonly n: number;
  readonly request: string;
  readonly check: SmokeCheck;
  readonly words: string;
}

/** sent = passed + failed + error. */
export interface SmokeResult {
  readonly sent: number;
  readonly passed: number;
  /** Answered, and not as expected. */
  readonly failed: number;
  /** Not answered at all. */
  readonly error: number;
  /** Left out because they would change something. */
  readonly skipped: number;
  /** Not begun before the time was over. */
  readonly unsent: number;
  /** Requests by the check that they did not pass; one may miss several. */
  readonly checks: Readonly<Record<SmokeCheck, number>>;
  /** The first of them. */
  readonly examples: readonly SmokeExample[];
  /** Of what was answered, in ms; absent when nothing was. */
  readonly latencyMs?: { readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number };
  readonly elapsedMs: number;
  /** `sha256:...` of the requests as they were sent. */
  readonly digest: string;
}

export const SMOKE_LIMITS = {
  requests: 100_000,
  perSecond: { most: 500, usual: 20 },
  concurrency: { most: 32, usual: 4 },
  timeoutMs: { most: 600_000, spare: 30_000 },
  /** Of an answer that is looked at. */
  bodyBytes: 256 * 1024,
  examples: 5,
  text: 2_000,
  pattern: 500,
  line: 256 * 1024,
  fileBytes: 16 * 1024 * 1024,
} as const;
