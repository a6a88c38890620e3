import type { RosterEvent, VariableEvent } from '@sluice/contracts';
import {
  evolveFleet,
  evolveVariable,
  type Fleet,
  initialFleet,
  isRosterEvent,
  sideForNewcomer,
  sideOf,
  type VariableState,
} from '@sluice/variable';

import { Actuals } from './actuals.js';
import { type Answer, answerOf, Answers } from './answers.js';

type Wake = () => void;

/** The present of one fleet: its hosts, its variables, and what each host is told. */
export class FleetView {
  private fleet = initialFleet();
  private readonly answers = new Answers();
  readonly actuals = new Actuals();
  /** By name, so that an answer is the same whoever folds the log. */
  private ordered: readonly VariableState[] = [];
  /** The last commit of the roster ('') and of each variable. */
  private readonly revs = new Map<string, number>();
  private readonly waiting = new Map<number, Set<Wake>>();
  private readonly watching = new Set<Wake>();

  constructor(readonly name: string) {}

  get state(): Fleet {
    return this.fleet;
  }

  get variables(): readonly VariableState[] {
    return this.ordered;
  }

  /** Of the roster without a name. 0: nothing of it was read. */
  revOf(variable = ''): number {
    return this.revs.get(variable) ?? 0;
  }

  slotOf(host: string): number | undefined {
    return this.fleet.roster.slotOf.get(host);
  }

  answerOf(slot: number): Answer {
    return this.answers.of(slot);
  }

  etagOf(slot: number): string {
    return this.answers.etagOf(slot);
  }

  /** What a host that nobody has heard of is told: what its role's line gives the next newcomer, never the newest. */
  answerOfNewcomer(role: string, now: number): Answer {
    const values = this.ordered.map((variable) => {
      const side = sideForNewcomer(this.fleet, variable, role, now);
      return [variable.spec.name, variable.spec[side]] as const;
    });
    return answerOf(Object.fromEntries(values));
  }

  /** Folds one commit; `variable` is '' for the roster's. What was folded already is no news. */
  apply(variable: string, commit: Committed): void {
    if (commit.rev <= this.revOf(variable)) return;
    for (const event of commit.events) this.fold(variable, event, commit.at);
    this.revs.set(variable, commit.rev);
    for (const wake of [...this.watching]) wake();
  }

  /** Told once when what a host is to have may have changed. The returned function takes it back. */
  onChange(slot: number, wake: Wake): () => void {
    const known = this.waiting.get(slot) ?? new Set();
    this.waiting.set(slot, known.add(wake));
    return () => {
      known.delete(wake);
      if (known.size === 0 && this.waiting.get(slot) === known) this.waiting.delete(slot);
    };
  }

  /** Told after each commit, until it is taken back. */
  onCommit(wake: Wake): () => void {
    this.watching.add(wake);
    return () => void this.watching.delete(wake);
  }

  private fold(variable: string, event: RosterEvent | VariableEvent, at: number): void {
    if (isRosterEvent(event)) {
      evolveFleet(this.fleet, event);
      return;
    }
    evolveVariable(this.fleet, variable, event, at);
    switch (event.type) {
      case 'ValuesAssigned':
      case 'HostsPinned':
      case 'HostsUnpinned': {
        const folded = this.fleet.variables.get(variable);
        if (folded !== undefined) this.answers.update(folded, event.hosts);
        for (const slot of event.hosts) this.wake(slot);
        return;
      }
      case 'VariableDefined':
      case 'VariableReverted':
      case 'VariableCheckpointed':
        this.ordered = [...this.fleet.variables.values()].toSorted((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
        this.answers.prepare(this.ordered);
        for (const slot of [...this.waiting.keys()]) this.wake(slot);
        return;
      default:
        // Phases change nobody's values.
        return;
    }
  }

  private wake(slot: number): void {
    const all = this.waiting.get(slot);
    if (all === undefined) return;
    this.waiting.delete(slot);
    for (const wake of all) wake();
  }

  /** What a host is to have as text, by variable; for what it says that it has. */
  wantedOf(slot: number, variable: VariableState): string {
    return String(variable.pins.get(slot) ?? variable.spec[sideOf(variable, slot)]);
  }
}

export interface Committed {
  readonly rev: number;
  readonly at: number;
  readonly events: readonly (RosterEvent | VariableEvent)[];
}
