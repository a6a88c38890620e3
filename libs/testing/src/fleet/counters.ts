import type { RunCommand } from '@sluice/contracts';

/** What a fleet lived through: kept by the hosts themselves, not read from any report or log. */
export class FleetCounters {
  private readonly executions = new Map<string, number>();
  private readonly tokens = new Map<string, number>();
  private readonly outdated: string[] = [];
  private notServingNow = 0;
  private inStepNow = 0;
  maxNotServing = 0;
  maxInStep = 0;
  runs = 0;
  statusQueries = 0;
  reports = 0;
  refusals = 0;

  /** A host begins a run under that fencing token, the `n`th attempt of its target. `place` names host and group. */
  took(place: string, { token, n, rollout }: Pick<RunCommand, 'token' | 'n' | 'rollout'>): void {
    const old = this.isOld(place, token)
      ? `token ${token}`
      : this.isOld(`${place}/${rollout}`, n)
        ? `attempt ${n}`
        : '';
    if (old !== '') this.outdated.push(`${place} began a run with ${old} of ${rollout} after a newer one`);
  }

  private isOld(key: string, value: number): boolean {
    const highest = this.tokens.get(key) ?? 0;
    this.tokens.set(key, Math.max(highest, value));
    return value < highest;
  }

  /** Runs that began although a newer rollout, or a newer attempt, had been there before: must be none. */
  unfenced(): readonly string[] {
    return this.outdated;
  }

  /** A step begins to act on a host. */
  began(): void {
    this.inStepNow += 1;
    this.maxInStep = Math.max(this.maxInStep, this.inStepNow);
  }

  /** A step came to its end, well or not. `key` names rollout, host, number of the attempt, and step. */
  done(key: string): void {
    this.executions.set(key, (this.executions.get(key) ?? 0) + 1);
  }

  /** It acts no more: it came to its end, or its agent died. */
  ended(): void {
    this.inStepNow -= 1;
  }

  serving(before: boolean, after: boolean): void {
    this.notServingNow += Number(before) - Number(after);
    this.maxNotServing = Math.max(this.maxNotServing, this.notServingNow);
  }

  get notServing(): number {
    return this.notServingNow;
  }

  get inStep(): number {
    return this.inStepNow;
  }

  /** How often each step of each attempt was done. */
  get steps(): ReadonlyMap<string, number> {
    return this.executions;
  }

  /** Steps of one attempt that a host did more than once: must be none, whatever was lost or sent twice. */
  doneTwice(): string[] {
    return [...this.executions].filter(([, times]) => times > 1).map(([key, times]) => `${key} x${times}`);
  }
}
