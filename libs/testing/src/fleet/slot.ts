import type { HelloApp, RunCommand, RunReport, StepName, StepReport } from '@sluice/contracts';

import type { FleetCounters } from './counters.js';

/** One app on a host, as the host itself knows it. */
export class Slot {
  /** The highest token that was seen: a lower one is refused. */
  fence = 0;
  /** The attempt whose steps run now. */
  current: string | undefined;
  private version: string | null;
  /** The release that is linked as the current one; what runs is what was started from it, if that worked. */
  private link: string | null;
  private out: boolean;
  private readonly local = new Set<string>();
  private newest = { rollout: '', n: 0 };

  constructor(
    readonly app: string,
    readonly group: string,
    initial: { readonly running: string | null; readonly drained?: boolean },
    private readonly counters: FleetCounters,
  ) {
    this.version = initial.running;
    this.link = initial.running;
    this.out = initial.drained === true;
    if (initial.running !== null) this.local.add(initial.running);
    counters.serving(true, this.serving);
  }

  get running(): string | null {
    return this.version;
  }

  /** Somebody installs another version by hand, past the agent. */
  tamper(version: string): void {
    this.version = version;
    this.link = version;
  }

  get linked(): string | null {
    return this.link;
  }

  get serving(): boolean {
    return this.version !== null && !this.out;
  }

  /** Number of the newest attempt of that rollout; 0 when another one was here since, which its token tells. */
  newestOf(rollout: string): number {
    return this.newest.rollout === rollout ? this.newest.n : 0;
  }

  attempted({ rollout, n }: Pick<RunCommand, 'rollout' | 'n'>): void {
    this.newest = { rollout, n: Math.max(n, this.newestOf(rollout)) };
  }

  has(version: string): boolean {
    return this.local.has(version);
  }

  /** What a step that went through changes on the host. */
  apply(step: StepName, version: string): void {
    const before = this.serving;
    if (step === 'drain') this.out = true;
    if (step === 'download') this.local.add(version);
    if (step === 'install') this.version = this.link = version;
    if (step === 'enable') this.out = false;
    this.counters.serving(before, this.serving);
  }

  /** The link was moved and the old process ended, but the new one does not start. */
  halfInstall(version: string): void {
    this.link = version;
    this.set({ running: null });
  }

  /** Somebody changed it past the system: a process died, a host was put back by hand. */
  set(state: { readonly running?: string | null; readonly drained?: boolean }): void {
    const before = this.serving;
    if (state.running !== undefined) this.version = state.running;
    if (state.drained !== undefined) this.out = state.drained;
    this.counters.serving(before, this.serving);
  }

  hello(now: number): HelloApp {
    return {
      app: this.app,
      group: this.group,
      running: this.version,
      processStartedAt: this.version === null ? null : now,
      serving: this.serving,
      endpoint: null,
      localVersions: [...this.local].slice(-5),
    };
  }
}

/** One run in a host's journal. */
export interface JournalEntry {
  readonly command: RunCommand;
  readonly results: StepReport[];
  /** The step that runs now; undefined when the run has ended. */
  step: StepName | undefined;
  final: boolean;
  /** The final report was answered, so it is sent no more. */
  acked: boolean;
  /** A planted crash has hit it: it does so once. */
  crashed: boolean;
}

export const reportOf = ({ command, results, final }: JournalEntry): RunReport => ({
  v: 1,
  host: command.host,
  rollout: command.rollout,
  attempt: command.attempt,
  target: command.target,
  kind: command.kind,
  n: command.n,
  token: command.token,
  final,
  steps: [...results],
});
