import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import type { ArtifactRef } from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';

import type { ArtifactLook, ArtifactPort } from '../engine/ports.js';

export interface ArtifactBounds {
  /** For one artifact, from the question to its last byte. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

const BOUNDS: ArtifactBounds = { timeoutMs: 20_000, maxBytes: 2 * 1024 * 1024 * 1024 };
/** A preview and the request behind it, or a second try of the request, are one look. */
const KEPT_MS = 60_000;
const MAX_KEPT = 100;

class Refused extends Error {}

/** Artifacts over http(s) and from files, read once and not kept. One look at the same bytes at a time. */
export class FetchedArtifacts implements ArtifactPort {
  readonly #good = new Map<string, number>();
  readonly #flying = new Map<string, Promise<ArtifactLook>>();

  constructor(
    private readonly clock: Clock,
    private readonly bounds: ArtifactBounds = BOUNDS,
  ) {}

  look({ url, sha256 }: ArtifactRef): Promise<ArtifactLook> {
    const key = `${sha256} ${url}`;
    const good = this.#good.get(key);
    if (good !== undefined && this.clock.now() - good < KEPT_MS) return Promise.resolve({ kind: 'same' });
    const flying = this.#flying.get(key);
    if (flying !== undefined) return flying;
    const look = this.#look(url, sha256).then((found) => {
      if (found.kind === 'same') this.#keep(key);
      return found;
    });
    const settled = look.finally(() => this.#flying.delete(key));
    this.#flying.set(key, settled);
    return settled;
  }

  async #look(url: string, sha256: string): Promise<ArtifactLook> {
    const { timeoutMs, maxBytes } = this.bounds;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const bytes = url.startsWith('file:') ? await fileBytes(url, signal) : await webBytes(url, signal);
      const found = await digest(bytes, maxBytes, signal);
      // What was found is not told: whoever may send requests could read off what files hold.
      return found === sha256 ? { kind: 'same' } : { kind: 'differs', words: 'the bytes there have another sha256' };
    } catch (error) {
      return { kind: 'missing', words: wordsOf(error, signal, timeoutMs) };
    }
  }

  #keep(key: string): void {
    this.#good.delete(key);
    this.#good.set(key, this.clock.now());
    const oldest = this.#good.keys().next();
    if (this.#good.size > MAX_KEPT && oldest.done !== true) this.#good.delete(oldest.value);
  }
}

type Chunks = AsyncIterable<Uint8Array>;

async function fileBytes(url: string, signal: AbortSignal): Promise<Chunks> {
  const path = fileURLToPath(url);
  // A pipe would be waited for, and a device never ends.
  if (!(await stat(path)).isFile()) throw new Refused('it is no file');
  return createReadStream(path, { signal });
}

async function webBytes(url: string, signal: AbortSignal): Promise<Chunks> {
  const response = await fetch(url, { signal, redirect: 'follow' });
  if (response.ok && response.body !== null) return response.body;
  await response.body?.cancel();
  throw new Refused(`it answered with status ${response.status}`);
}

async function digest(chunks: Chunks, maxBytes: number, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Refused(`it has more than ${maxBytes} bytes`);
    hash.update(chunk);
  }
  return hash.digest('hex');
}

/** Neither paths nor addresses beyond what the request says itself. */
function wordsOf(error: unknown, signal: AbortSignal, timeoutMs: number): string {
  if (error instanceof Refused) return error.message;
  if (signal.aborted) return `it was not there whole within ${timeoutMs / 1_000} s`;
  const code = codeOf(error) ?? codeOf(error instanceof Error ? error.cause : undefined);
  return code === undefined ? 'it cannot be read' : `it cannot be read: ${code}`;
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code.slice(0, 50) : undefined;
}
