import type {
  AttemptStatus,
  Hello,
  ReportAnswer,
  RunCommand,
  RunReply,
  RunReport,
  StatusQuery,
} from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';

import type { Random } from '../time/random.js';
import { FleetCounters } from './counters.js';
import { type MessageFaults, NO_STEP_FAULTS, type StepFaults } from './faults.js';
import { FakeHost, type StepTimes } from './fake-host.js';
import { type JournalEntry, reportOf, Slot } from './slot.js';

/** What came back from a host: its answer, the news that nobody listens there, or nothing in time. */
export type Answered<T> =
  { readonly kind: 'answer'; readonly value: T } | { readonly kind: 'unreachable' } | { readonly kind: 'noAnswer' };

/** Takes a report like the executor does; a rejection means that nobody answered. */
export type ReportSink = (report: RunReport) => Promise<ReportAnswer>;

export interface FleetMember {
  readonly host: string;
  readonly app: string;
  readonly group: string;
  readonly running: string | null;
  readonly drained?: boolean;
  readonly site?: string;
}

export interface FleetOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly members: readonly FleetMember[];
  readonly report: ReportSink;
  readonly times?: Partial<StepTimes>;
  readonly faults?: StepFaults;
  readonly messages?: MessageFaults;
  /** One way, ms; 1 by default. */
  readonly latencyMs?: number;
  /** A host says who it is, and whenever something about it changes. */
  readonly hello?: (hello: Hello) => void;
  /** And all of them once in that time, ms; never by default. */
  readonly helloEveryMs?: number;
}

const DEFAULT_TIMES: StepTimes = {
  probe: 300,
  drain: 2_000,
  download: 5_000,
  install: 3_000,
  verify: 4_000,
  enable: 500,
};
/** Steps that end within that time of each other share one report (design 5). */
const PROGRESS_MS = 200;
const ANSWER_TIMEOUT_MS = 2_000;
const RESEND_MS = 1_000;
const MAX_RESEND_MS = 30_000;

/** A fleet of simulated agents behind the same port as real ones: journal, fencing, reports, and planted faults. */
export class FakeFleet {
  readonly counters = new FleetCounters();
  readonly hosts = new Map<string, FakeHost>();
  private readonly former = new Map<string, FakeHost[]>();
  private readonly random: Random;
  private readonly latencyMs: number;
  private readonly progress = new Set<JournalEntry>();
  private messages: MessageFaults;

  constructor(private readonly options: FleetOptions) {
    this.random = options.random.fork('fleet');
    this.latencyMs = options.latencyMs ?? 1;
    this.messages = options.messages ?? {};
    options.members.forEach((member) => this.add(member));
    if (options.helloEveryMs !== undefined) this.beat(options.helloEveryMs);
  }

  add({ host, app, group, running, drained }: FleetMember): void {
    const known = this.hosts.get(host) ?? this.newHost(host, 0);
    known.slots.set(
      group,
      new Slot(app, group, { running, ...(drained === undefined ? {} : { drained }) }, this.counters),
    );
    this.hosts.set(host, known);
    this.sayHello(known);
  }

  /** Runs go out here, as the executor's port has it. */
  async run(command: RunCommand): Promise<Answered<RunReply>> {
    this.counters.runs += 1;
    if (this.isLate()) return this.late(command);
    return this.ask(command.host, (host) => {
      const reply = host.run(command);
      if (this.random.chance(this.messages.duplicateCommand ?? 0)) host.run(command);
      return reply;
    });
  }

  async status(hostName: string, query: StatusQuery): Promise<Answered<AttemptStatus>> {
    this.counters.statusQueries += 1;
    if (this.messages.loseStatus !== undefined && this.random.chance(this.messages.loseStatus)) return this.silence();
    return this.ask(hostName, (host) => host.status(query));
  }

  /** The machine is gone, and with it whatever it kept. Nobody listens under its name any more. */
  vanish(name: string): void {
    this.host(name).vanish();
  }

  /** Another machine takes the name: empty, or with a version that its image brought along. It knows no run. */
  replace(name: string, running: string | null = null): FakeHost {
    const old = this.host(name);
    old.vanish();
    this.former.set(name, [...(this.former.get(name) ?? []), old]);
    const fresh = this.newHost(name, this.options.clock.now());
    for (const { app, group, serving } of old.slots.values()) {
      this.counters.serving(serving, true);
      fresh.slots.set(group, new Slot(app, group, { running }, this.counters));
    }
    this.hosts.set(name, fresh);
    this.sayHello(fresh);
    return fresh;
  }

  /** From now on messages fare like that; `{}` is a perfect network. */
  setMessageFaults(messages: MessageFaults): void {
    this.messages = messages;
  }

  host(name: string): FakeHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`this fleet has no host ${name}`);
    return host;
  }

  /** Every machine that has had that name. */
  machines(name: string): readonly FakeHost[] {
    const now = this.hosts.get(name);
    return now === undefined ? [] : [...(this.former.get(name) ?? []), now];
  }

  /** Version -> how many hosts of the group run it. */
  versions(group: string): Record<string, number> {
    const tally: Record<string, number> = {};
    for (const host of this.hosts.values()) {
      const slot = host.slots.get(group);
      if (slot === undefined) continue;
      tally[slot.running ?? 'none'] = (tally[slot.running ?? 'none'] ?? 0) + 1;
    }
    return tally;
  }

  hello(name: string): Hello {
    const now = this.options.clock.now();
    const apps = [...this.host(name).slots.values()].map((slot) => slot.hello(now));
    return { v: 1, host: name, at: now, agent: { version: '0.0.0', startedAt: now }, labels: {}, apps };
  }

  private newHost(name: string, machine: number): FakeHost {
    const { clock, times, faults } = this.options;
    return new FakeHost(name, {
      clock,
      counters: this.counters,
      machine,
      times: { ...DEFAULT_TIMES, ...times },
      faults: faults ?? NO_STEP_FAULTS,
      reported: (host, entry) => this.reported(host, entry),
      lied: (host, entry) => this.lie(host, entry),
    });
  }

  private async ask<T>(name: string, answer: (host: FakeHost) => T): Promise<Answered<T>> {
    await this.wait(this.latencyMs);
    const host = this.hosts.get(name);
    if (host === undefined || !host.up || !host.connected) return { kind: 'unreachable' };
    if (this.random.chance(this.messages.loseCommand ?? 0)) return this.silence();
    const value = answer(host);
    if (this.random.chance(this.messages.loseReply ?? 0)) return this.silence();
    await this.wait(this.latencyMs);
    return { kind: 'answer', value };
  }

  private isLate(): boolean {
    const { lateCommand } = this.messages;
    return lateCommand !== undefined && this.random.chance(lateCommand);
  }

  /** It arrives when it arrives; the sender has heard nothing by then. */
  private late(command: RunCommand): Promise<{ readonly kind: 'noAnswer' }> {
    this.options.clock.schedule(this.random.int(this.messages.lateCommandMs ?? 60_000), () => {
      const host = this.hosts.get(command.host);
      if (host?.up === true) host.run(command);
    });
    return this.silence();
  }

  private async silence(): Promise<{ readonly kind: 'noAnswer' }> {
    await this.wait(ANSWER_TIMEOUT_MS);
    return { kind: 'noAnswer' };
  }

  private reported(host: FakeHost, entry: JournalEntry): void {
    this.sayHello(host);
    if (entry.final) {
      this.deliver(host, entry, RESEND_MS);
      return;
    }
    if (this.progress.has(entry)) return;
    this.progress.add(entry);
    this.options.clock.schedule(PROGRESS_MS, () => {
      this.progress.delete(entry);
      if (!entry.final && host.up) void this.send(host, reportOf(entry));
    });
  }

  /** The final report: again and again until somebody says that it is durable. */
  private deliver(host: FakeHost, entry: JournalEntry, resendMs: number): void {
    if (entry.acked || !host.up) return;
    void this.send(host, reportOf(entry)).then((answer) => {
      if (answer !== undefined && (answer.ok || !answer.retry)) entry.acked = true;
    });
    this.options.clock.schedule(resendMs, () => this.deliver(host, entry, Math.min(resendMs * 2, MAX_RESEND_MS)));
  }

  private async send(host: FakeHost, report: RunReport): Promise<ReportAnswer | undefined> {
    const { messages, random } = this;
    this.counters.reports += 1;
    await this.wait(this.latencyMs + (messages.delayReportMs === undefined ? 0 : random.int(messages.delayReportMs)));
    if (!host.connected || random.chance(messages.loseReport ?? 0)) return undefined;
    if (random.chance(messages.duplicateReport ?? 0)) void this.sink(report);
    const answer = await this.sink(report);
    return random.chance(messages.loseReportAnswer ?? 0) ? undefined : answer;
  }

  private async sink(report: RunReport): Promise<ReportAnswer | undefined> {
    try {
      return await this.options.report(report);
    } catch {
      return undefined;
    }
  }

  /** Claims that must change nothing: steps out of order, an attempt that was never given, another's target. */
  private lie(host: FakeHost, entry: JournalEntry): void {
    const truth = reportOf(entry);
    const done = { ok: true, ms: 1 } as const;
    void this.send(host, { ...truth, final: true, steps: [{ step: 'enable', ...done }] });
    const all = entry.command.steps.map((step) => ({ step, ...done }));
    void this.send(host, { ...truth, final: true, steps: all.toReversed() });
    void this.send(host, { ...truth, n: truth.n + 1, final: true });
    void this.send(host, { ...truth, target: truth.target + 1 });
    const steps = truth.steps.map((step) => ({ ...step, ok: false, code: 'LIE', serving: true }));
    void this.send(host, { ...truth, token: truth.token + 1, final: true, steps: steps.slice(0, 1) });
  }

  private beat(everyMs: number): void {
    this.options.clock.schedule(everyMs, () => {
      for (const host of this.hosts.values()) this.sayHello(host);
      this.beat(everyMs);
    });
  }

  private sayHello(host: FakeHost): void {
    if (this.options.hello !== undefined && host.connected && host.up) this.options.hello(this.hello(host.name));
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.options.clock.schedule(ms, resolve);
    });
  }
}
