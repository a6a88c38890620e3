import { pause } from '@sluice/demo';

import type { Site } from '../e2e/support/site.js';

/** Who says it, and the key under which it has one effect, however often it is said. */
interface Saying {
  readonly key: string;
  readonly actor: string;
}

const CALL_MS = 10_000;
const PAUSE_MS = 250;
const TRIES = 60;

/** The API as a program calls it that expects it to be away at times. */
export class PatientApi {
  constructor(private readonly site: Site) {}

  /** Undefined when it is refused. Whatever else goes wrong, it is said again with the same key, up to a bound. */
  async post<T>(path: string, body: object, { key, actor }: Saying): Promise<T | undefined> {
    const headers = { 'content-type': 'application/json', 'x-sluice-actor': actor, 'idempotency-key': key };
    for (let tries = 0; tries < TRIES; tries += 1) {
      const answer = await this.call<T>(path, { method: 'POST', headers, body: JSON.stringify(body) });
      if (answer?.ok === true) return answer.body;
      if (answer !== undefined && answer.status < 500 && answer.status !== 429) return undefined;
      await pause(PAUSE_MS);
    }
    return undefined;
  }

  /** Undefined when there is no answer now. */
  async get<T>(path: string): Promise<T | undefined> {
    const answer = await this.call<T>(path, {});
    return answer?.ok === true ? answer.body : undefined;
  }

  private async call<T>(
    path: string,
    init: RequestInit,
  ): Promise<{ readonly ok: boolean; readonly status: number; readonly body: T } | undefined> {
    const headers = { ...this.site.headers, ...(init.headers as Record<string, string> | undefined) };
    try {
      const response = await fetch(this.site.url + path, { ...init, headers, signal: AbortSignal.timeout(CALL_MS) });
      return { ok: response.ok, status: response.status, body: (await response.json()) as T };
    } catch {
      return undefined;
    }
  }
}
