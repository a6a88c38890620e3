import {
  type AttemptStatus,
  type RunCommand,
  specHashOf,
  type RunReply,
  type StatusQuery,
  type StepName,
  type StepReport,
  type StepSpec,
} from '@sluice/contracts';
import type { CancelTimer, Clock } from '@sluice/kernel';

import type { FleetCounters } from './counters.js';
import type { StepFault, StepFaults } from './faults.js';
import { type JournalEntry, reportOf, Slot } from './slot.js';

/** How long each step takes, ms. */
export type StepTimes = Readonly<Record<StepName, number>>;

/** A download that finds its version on the host. */
const LOCAL_DOWNLOAD_MS = 20;
const RESTART_FAILED = 'RESTART_FAILED';

export interface HostParts {
  readonly clock: Clock;
  readonly counters: FleetCounters;
  /** Tells it from earlier machines of that name; 0 = it is the first. */
  readonly machine: number;
  readonly times: StepTimes;
  readonly faults: StepFaults;
  /** A result is there to be reported: the run's end, or progress. */
  readonly reported: (host: FakeHost, entry: JournalEntry) => void;
  /** The agent says something that is not so. */
  readonly lied: (host: FakeHost, entry: JournalEntry) => void;
}

/** One host with its agent: takes runs, does their steps on the clock, keeps a journal, refuses old tokens. */
export class FakeHost {
  readonly journal = new Map<string, JournalEntry>();
  readonly slots = new Map<string, Slot>();
  /** The agent's process lives. */
  up = true;
  /** The network reaches it. */
  connected = true;
  private gone = false;
  private readonly timers = new Set<CancelTimer>();

  constructor(
    readonly name: string,
    private readonly parts: HostParts,
  ) {}

  /** The same attempt twice has one effect, whoever asks and however often. */
  run(command: RunCommand): RunReply {
    const slot = this.slotOf(command.spec);
    const refused = this.refusal(command, slot);
    if (refused !== undefined) {
      this.parts.counters.refusals += 1;
      return refused;
    }
    slot.fence = command.token;
    slot.attempted(command);
    if (this.journal.has(command.attempt))
      return { ok: true, state: 'known', status: this.status({ v: 1, attempt: command.attempt }) };
    const entry: JournalEntry = {
      command,
      results: [],
      step: command.steps[0],
      final: false,
      acked: false,
      crashed: false,
    };
    this.journal.set(command.attempt, entry);
    slot.current = command.attempt;
    this.parts.counters.took(`${this.label}/${command.spec.group}`, command);
    this.begin(entry, slot);
    return { ok: true, state: 'accepted' };
  }

  status({ attempt }: StatusQuery): AttemptStatus {
    const entry = this.journal.get(attempt);
    if (entry === undefined) return { state: 'neverSeen' };
    const report = reportOf(entry);
    return entry.step === undefined ? { state: 'ended', report } : { state: 'running', step: entry.step, report };
  }

  /** The agent's process dies; the app's goes on. */
  crash(downMs: number): void {
    this.down();
    this.parts.clock.schedule(downMs, () => this.restart());
  }

  /** The machine is gone for good, and every app on it. */
  vanish(): void {
    this.gone = true;
    this.down();
    for (const slot of this.slots.values()) slot.set({ running: null });
  }

  slotOf({ app, group }: Pick<StepSpec, 'app' | 'group'>): Slot {
    const known = this.slots.get(group);
    if (known !== undefined) return known;
    const slot = new Slot(app, group, { running: null }, this.parts.counters);
    this.slots.set(group, slot);
    return slot;
  }

  private down(): void {
    if (!this.up) return;
    this.up = false;
    for (const cancel of this.timers) cancel();
    this.timers.clear();
    for (const { step } of this.journal.values()) if (step !== undefined) this.parts.counters.ended();
  }

  private get label(): string {
    return this.parts.machine === 0 ? this.name : `${this.name}#${this.parts.machine}`;
  }

  private refusal(command: RunCommand, slot: Slot): RunReply | undefined {
    const no = (code: 'FENCED' | 'SPEC_CHANGED' | 'BUSY' | 'BAD_RUN' | 'WRONG_HOST', message: string): RunReply => ({
      ok: false,
      code,
      message,
    });
    if (command.host !== this.name) return no('WRONG_HOST', `this is ${this.name}`);
    if (command.token < slot.fence) return no('FENCED', `token ${command.token} is older than ${slot.fence}`);
    if (command.specHash !== specHash(command)) return no('BAD_RUN', 'the spec is not what its hash says');
    const known = this.journal.get(command.attempt);
    if (known !== undefined)
      return known.command.specHash === command.specHash
        ? undefined
        : no('SPEC_CHANGED', 'another spec under the same attempt');
    if (command.n < slot.newestOf(command.rollout)) return no('FENCED', `attempt ${command.n} comes too late`);
    return slot.current === undefined ? undefined : no('BUSY', `${slot.current} runs`);
  }

  private begin(entry: JournalEntry, slot: Slot): void {
    const { step, command } = entry;
    if (step === undefined) return;
    const fault = this.parts.faults({ host: this.name, step, version: command.spec.version, n: command.n });
    this.parts.counters.began();
    if (fault?.kind === 'hang') return;
    const ending = this.ending(entry, slot, { step, fault });
    if (fault?.kind === 'crash' && !entry.crashed) {
      entry.crashed = true;
      this.later(ending.ms / 2, () => this.crash(fault.downMs));
    } else this.later(ending.ms, () => this.end(entry, slot, outcome(slot, ending, fault), fault));
  }

  private ending(
    { command: { spec } }: JournalEntry,
    slot: Slot,
    { step, fault }: { readonly step: StepName; readonly fault: StepFault | undefined },
  ): Ending {
    const { version, verify } = spec;
    const local = step === 'download' && slot.has(version);
    const slow = fault?.kind === 'slow' ? fault.factor : 1;
    const wanted = local ? LOCAL_DOWNLOAD_MS : this.parts.times[step] * slow;
    // Only what a test makes slow runs into the time-out: the default times know nothing of specs.
    const ms = slow > 1 && step === 'verify' ? Math.min(wanted, verify.timeoutMs) : wanted;
    return { step, version, ms, wanted, local };
  }

  private end(entry: JournalEntry, slot: Slot, result: StepReport, fault: StepFault | undefined): void {
    const { command } = entry;
    this.parts.counters.ended();
    this.parts.counters.done(`${command.rollout}/${this.label}/${command.n}/${result.step}`);
    change(slot, result, command.spec.version);
    entry.results.push(result);
    entry.step = result.ok ? command.steps[entry.results.length] : undefined;
    if (fault?.kind === 'lie') this.parts.lied(this, entry);
    if (entry.step === undefined) this.close(entry, slot);
    this.parts.reported(this, entry);
    this.begin(entry, slot);
  }

  private close(entry: JournalEntry, slot: Slot): void {
    entry.final = true;
    slot.current = undefined;
  }

  /** What was under way when the agent died is begun again, as the journal says; unanswered results are told again. */
  private restart(): void {
    if (this.gone || this.up) return;
    this.up = true;
    for (const entry of this.journal.values()) {
      if (entry.step !== undefined) this.begin(entry, this.slotOf(entry.command.spec));
      else if (!entry.acked) this.parts.reported(this, entry);
    }
  }

  private later(ms: number, work: () => void): void {
    const cancel = this.parts.clock.schedule(ms, () => {
      this.timers.delete(cancel);
      work();
    });
    this.timers.add(cancel);
  }
}

/** What the end of a step makes of the host. */
function change(slot: Slot, { step, ok, code, serving }: StepReport, version: string): void {
  if (ok) slot.apply(step, version);
  if (code === RESTART_FAILED) slot.halfInstall(version);
  if (!ok && serving === true && !slot.serving) slot.apply('enable', version);
}

interface Ending {
  readonly step: StepName;
  readonly version: string;
  readonly ms: number;
  /** As long as it would have taken; more than `ms` = it ran into its time-out. */
  readonly wanted: number;
  readonly local: boolean;
}

function outcome(slot: Slot, ending: Ending, fault: StepFault | undefined): StepReport {
  const { step, version, ms, local } = ending;
  const planted = failureOf(fault, ending);
  if (planted !== undefined) return { step, ok: false, ms, message: 'planted', serving: slot.serving, ...planted };
  if (step === 'probe' && !(slot.running === version && slot.serving)) {
    return { step, ok: false, ms, code: 'NOT_AT_TARGET', message: `runs ${slot.running}`, serving: slot.serving };
  }
  return { step, ok: true, ms, ...(local ? { note: 'local' as const } : {}) };
}

function failureOf(fault: StepFault | undefined, { step, ms, wanted }: Ending): Partial<StepReport> | undefined {
  if (fault?.kind === 'fail') {
    const code = fault.code ?? `${step.toUpperCase()}_FAILED`;
    return fault.serving === undefined ? { code } : { code, serving: fault.serving };
  }
  if (wanted > ms) return { code: 'VERIFY_TIMEOUT' };
  return fault?.kind === 'restartFails' && step === 'install' ? { code: RESTART_FAILED, serving: false } : undefined;
}

const hashes = new WeakMap<StepSpec, Map<string, string>>();

/** The hash of the spec and the steps, computed once for each plan and chain. */
function specHash({ spec, steps }: Pick<RunCommand, 'spec' | 'steps'>): string {
  const ofSpec = hashes.get(spec) ?? new Map<string, string>();
  hashes.set(spec, ofSpec);
  const hash = ofSpec.get(steps.join()) ?? specHashOf(spec, steps);
  ofSpec.set(steps.join(), hash);
  return hash;
}
