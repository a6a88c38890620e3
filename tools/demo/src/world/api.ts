import { until } from './processes.js';
import type { EventRow, RolloutSummary } from './views.js';

/** States in which a rollout stays until somebody says something, or for ever. */
export type Resting = 'awaiting-approval' | 'braked' | 'succeeded' | 'failed' | 'cancelled' | 'closed' | 'paused';

/** Services, agents and more start at once, perhaps on one slow core. */
const READY_MS = 120_000;

/** The demo's operator: speaks HTTP like anybody else. */
export class Api {
  /** `headers` go with every call: a token, where one is needed. */
  constructor(
    readonly url: string,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  async get<T>(path: string): Promise<T | undefined> {
    const response = await fetch(`${this.url}${path}`, { headers: this.headers }).catch(() => undefined);
    if (response === undefined || !response.ok) {
      await response?.body?.cancel();
      return undefined;
    }
    return (await response.json()) as T;
  }

  /** Throws with the problem that the API tells. */
  async post<T>(path: string, body: object, actor = 'user:ana'): Promise<T> {
    const response = await fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: { ...this.headers, 'content-type': 'application/json', 'x-sluice-actor': actor },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  }

  async ready(): Promise<void> {
    await until('the API is ready', () => this.get('/health/ready'), READY_MS);
  }

  rollout(id: string): Promise<RolloutSummary | undefined> {
    return this.get(`/v1/rollouts/${id}`);
  }

  /** Waits until the rollout is in one of these states. Throws when it comes to rest in another one. */
  async reach(id: string, ...states: readonly Resting[]): Promise<RolloutSummary> {
    return until(`rollout ${id} is ${states.join(' or ')}`, async () => {
      const rollout = await this.rollout(id);
      return rollout !== undefined && (states as readonly string[]).includes(rollout.state) ? rollout : undefined;
    });
  }

  async say(id: string, command: string, body: object = {}, actor?: string): Promise<void> {
    await this.post(`/v1/rollouts/${id}/commands/${command}`, body, actor);
  }

  /** Reads the plan's hash and approves what waits for it. */
  async approve(id: string, approval: 'canary' | 'batches', reason: string): Promise<void> {
    const rollout = await until(`rollout ${id} asks for the approval "${approval}"`, async () => {
      const now = await this.rollout(id);
      return now?.wanted === approval ? now : undefined;
    });
    await this.say(id, 'approve', { approval, planHash: rollout.planHash, reason });
  }

  /** The rollout's whole history, oldest first, flat. */
  async events(id: string): Promise<EventRow[]> {
    const rows: EventRow[] = [];
    for (let after = 0; ;) {
      const page = await this.get<{
        items: { position: number; at: number; writer: string; events: EventRow[] }[];
        next: number | null;
      }>(`/v1/rollouts/${id}/events?after=${after}`);
      for (const { at, position, writer, events } of page?.items ?? [])
        rows.push(...events.map((event) => ({ ...event, at, position, writer })));
      if (page === undefined || page.next === null) return rows;
      after = page.next;
    }
  }
}
