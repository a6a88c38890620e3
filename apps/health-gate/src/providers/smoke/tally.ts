import { createHash } from 'node:crypto';

import type { Miss } from './checks.js';
import { SMOKE_LIMITS, type SmokeCheck, type SmokeExample, type SmokeRequest, type SmokeResult } from './port.js';

/** Counts what came of each request. */
export class SmokeTally {
  readonly #checks: Record<SmokeCheck, number> = { answer: 0, status: 0, body: 0, latency: 0 };
  readonly #examples: SmokeExample[] = [];
  readonly #latencies: number[] = [];
  #sent = 0;
  #failed = 0;

  answered(n: number, request: SmokeRequest, ms: number, misses: readonly Miss[]): void {
    this.#sent += 1;
    this.#latencies.push(ms);
    if (misses.length > 0) this.#failed += 1;
    for (const check of new Set(misses.map((miss) => miss.check))) this.#checks[check] += 1;
    for (const miss of misses) this.#show(n, request, miss);
  }

  silent(n: number, request: SmokeRequest, words: string): void {
    this.#sent += 1;
    this.#checks.answer += 1;
    this.#show(n, request, { check: 'answer', words });
  }

  result(of: Pick<SmokeResult, 'skipped' | 'elapsedMs' | 'digest'> & { readonly wanted: number }): SmokeResult {
    const { answer: error } = this.#checks;
    const { wanted, skipped, elapsedMs, digest } = of;
    const latencyMs = percentilesOf(this.#latencies);
    return {
      sent: this.#sent,
      passed: this.#sent - this.#failed - error,
      failed: this.#failed,
      error,
      skipped,
      unsent: wanted - this.#sent,
      checks: this.#checks,
      examples: this.#examples.toSorted((a, b) => a.n - b.n),
      ...(latencyMs === undefined ? {} : { latencyMs }),
      elapsedMs,
      digest,
    };
  }

  #show(n: number, { method = 'GET', path }: SmokeRequest, { check, words }: Miss): void {
    if (this.#examples.length >= SMOKE_LIMITS.examples) return;
    const [plain = ''] = path.split('?');
    const request = `${method} ${plain.slice(0, 120)}${plain.length < path.length ? '?...' : ''}`;
    this.#examples.push({ n, request, check, words });
  }
}

/** Nearest rank: each is a latency that was really seen. */
export function percentilesOf(latencies: readonly number[]): SmokeResult['latencyMs'] {
  if (latencies.length === 0) return undefined;
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): number => rounded(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0);
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

const rounded = (ms: number): number => Math.round(ms * 10) / 10;

/** Says whether two runs sent the same, without what was sent. */
export function digestOf(requests: readonly SmokeRequest[]): string {
  const hash = createHash('sha256');
  for (const { method, path, headers, body, status, contains, matches, maxMs } of requests)
    hash.update(`${JSON.stringify([method, path, headers, body, status, contains, matches, maxMs])}\n`);
  return `sha256:${hash.digest('hex')}`;
}
