import { readFileSync, statSync } from 'node:fs';
import { parseWeights, type WeightDocument } from './document.js';

/** A file is looked at when `current` is called, at most once per `intervalMs` (0: each time). */
export type FileSource = { readonly file: string; readonly intervalMs?: number };

/** A url is asked every `intervalMs` (1000), a tenth more or less; it has `timeoutMs` (5000) to answer. */
export interface UrlSource {
  readonly url: string;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
}

/** After `stop`, what is current stays so. */
export interface Weights {
  /** Settles after the first look, whatever came of it; never rejects. */
  readonly ready: Promise<void>;
  /** The newest good document; undefined until there is one. Never throws. */
  readonly current: () => WeightDocument | undefined;
  /** Why the last look brought nothing, in words; undefined when all is well. */
  readonly problem: () => string | undefined;
  readonly stop: () => void;
}

/** No document comes near it: what is longer is something else. */
const MAX_SIZE = 65_536;
/** A younger file may be replaced again within one tick of the file system's clock: its stamp proves nothing yet. */
const SETTLED_MS = 100;

/** Keeps the last good document when the source is away, answers rubbish, or serves an older version. */
export function watchWeights(source: FileSource | UrlSource): Weights {
  return 'file' in source ? watchFile(source) : watchUrl(source);
}

function watchFile({ file, intervalMs = 0 }: FileSource): Weights {
  const kept = new Kept(file);
  let [stamp, nextLook] = ['', 0];
  const look = (): void => {
    // Stat comes first: a replacement between the two is seen at the next look.
    const { ino, size, mtimeMs, ctimeMs } = statSync(file);
    const seen = `${ino}/${size}/${mtimeMs}/${ctimeMs}`;
    if (seen === stamp) return;
    if (size > MAX_SIZE) throw new Error(`${size} bytes are more than any weight document has`);
    kept.take(readFileSync(file, 'utf8'));
    stamp = Date.now() - ctimeMs > SETTLED_MS ? seen : '';
  };
  const current = (): WeightDocument | undefined => {
    if (performance.now() < nextLook) return kept.document;
    nextLook = performance.now() + intervalMs;
    try {
      look();
    } catch (error) {
      stamp = '';
      kept.miss(error);
    }
    return kept.document;
  };
  current();
  return { ready: Promise.resolve(), current, problem: () => kept.problem, stop: () => void (nextLook = Infinity) };
}

function watchUrl({ url, intervalMs = 1000, timeoutMs = 5000, headers, fetch: get = fetch }: UrlSource): Weights {
  const kept = new Kept(url);
  let [etag, timer, stopped]: [string | null, NodeJS.Timeout | undefined, boolean] = [null, undefined, false];
  const pull = async (): Promise<void> => {
    const condition = etag === null ? {} : { 'if-none-match': etag };
    const response = await get(url, { headers: { ...headers, ...condition }, signal: AbortSignal.timeout(timeoutMs) });
    if (response.status === 304 && etag !== null) return void (kept.problem = undefined);
    const text = await boundedText(response);
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    if (!stopped) kept.take(text);
    // Of a refused document no tag is kept: a 304 to it would pass for good news.
    etag = response.headers.get('etag');
  };
  const look = async (): Promise<void> => {
    await pull().catch((error: unknown) => kept.miss(error));
    const pauseMs = Math.min(intervalMs * (0.9 + Math.random() / 5), 2 ** 31 - 1);
    if (!stopped) timer = setTimeout(() => void look(), pauseMs).unref();
  };
  const stop = (): void => {
    stopped = true;
    clearTimeout(timer);
  };
  return { ready: look(), current: () => kept.document, problem: () => kept.problem, stop };
}

class Kept {
  document: WeightDocument | undefined;
  problem: string | undefined = 'nothing was read yet';

  constructor(private readonly place: string) {}

  take(text: string): void {
    const next = parseWeights(text);
    const { group = next.group, version = -1 } = this.document ?? {};
    if (next.group !== group) throw new Error(`it is of group ${next.group}, not of ${group}`);
    if (next.version < version) throw new Error(`version ${next.version} is older than ${version}, which was seen`);
    if (next.version > version) this.document = next;
    this.problem = undefined;
  }

  miss(error: unknown): void {
    const { message, cause } = error instanceof Error ? error : new Error(String(error));
    this.problem = `${this.place}: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}`;
  }
}

async function boundedText({ body }: Response): Promise<string> {
  let text = '';
  for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part;
    if (text.length > MAX_SIZE) throw new Error('it answered more than any weight document has');
  }
  return text;
}
