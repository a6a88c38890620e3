import { type DecodedCommit, type EventToAppend, groupStreamId, type StreamName } from '@sluice/contracts';

import type { Report } from './findings.js';
import { Invariants } from './invariants/invariants.js';

/** A commit that could be read, and its place. */
export interface JudgedCommit {
  readonly stream: StreamName;
  readonly position: number;
  readonly decoded: DecodedCommit;
}

/** Rollouts of a group that are remembered behind their end, besides those whose rollback is not planned yet. */
const REMEMBERED = 3;

/**
 * Holds what the events say against the invariants, by the outsider's model that the simulator uses too. What is over is
 * forgotten when its group has gone on to others: of all commands only a rollback can still go to it.
 */
export class Judge {
  readonly #invariants = new Invariants();
  /** By group: rollouts that have ended, and may still be taken back. */
  readonly #ended = new Map<string, Set<string>>();
  readonly #forgotten = new Set<string>();
  readonly #takenBack = new Set<string>();
  readonly #unjudged = new Set<string>();
  #rollouts = 0;

  constructor(private readonly report: Report) {}

  get rollouts(): number {
    return this.#rollouts;
  }

  /** Rollouts that had not ended. */
  get open(): number {
    return [...this.#invariants.rollouts.values()].filter(({ status }) => status !== 'ended').length;
  }

  /** Streams whose history is not whole, so that nothing can be said of what their events did. */
  get unjudged(): readonly string[] {
    return [...this.#unjudged];
  }

  distrust(id: string): void {
    this.#unjudged.add(id);
    this.#invariants.distrust(id);
  }

  loseGroup(id: string): void {
    this.#invariants.loseGroup(id);
  }

  /** A group that begins at a checkpoint: what stands before it in the same commit is not judged. */
  beginAt({ stream, position, decoded }: JudgedCommit): boolean {
    const at = decoded.events.findIndex(({ type }) => type === 'GroupCheckpointed');
    if (stream.writer !== 'group' || at < 0) return false;
    this.#invariants.group(stream.id).isKnown = false;
    const rest = { ...decoded, events: decoded.events.slice(at), meta: decoded.meta.slice(at) };
    this.commit({ stream, position, decoded: rest });
    this.#invariants.group(stream.id).isKnown = true;
    return true;
  }

  commit({ stream, position, decoded }: JudgedCommit): void {
    const { id, rev, at } = decoded;
    if (stream.writer === 'exec' && this.#forgotten.has(stream.id)) return this.behindTheEnd(stream, decoded, position);
    if (stream.writer === 'exec' && !this.#isPlanned(stream.id)) return this.withoutPlan(stream, decoded, position);
    const events = drafted(decoded);
    try {
      this.#invariants.apply({ stream, draft: { id, at, events }, head: { rev, hash: '', position, at } });
    } finally {
      this.drain(decoded, position);
    }
    if (stream.writer === 'plan') this.planned(decoded);
    if (stream.writer === 'exec') this.mayHaveEnded(stream.id);
    if (stream.writer === 'group') this.mayForget(stream.id, decoded);
  }

  #isPlanned(id: string): boolean {
    return this.#invariants.rollouts.has(id) || this.#unjudged.has(id);
  }

  private drain({ stream, rev }: DecodedCommit, position: number): void {
    for (const { invariant, what, index } of this.#invariants.violations.splice(0))
      this.report({ code: invariant, stream: stream, rev, position, event: index, words: what });
  }

  private withoutPlan({ id }: StreamName, { rev, stream }: DecodedCommit, position: number): void {
    const words = `${id} has a course but no sealed plan before it: its plan was removed`;
    this.report({ code: 'PLAN_MISSING', stream, rev, position, words });
    this.distrust(id);
  }

  private behindTheEnd({ id }: StreamName, { rev, stream, events }: DecodedCommit, position: number): void {
    // Which hosts it had touched is not known any more, so its rollback is not held against them.
    if (events.every(({ type }) => type === 'RollbackRequested')) return this.#invariants.distrust(id);
    const words = `${events.map(({ type }) => type).join(', ')} behind the end of ${id}, whose group has gone on`;
    this.report({ code: 'TERMINAL', stream, rev, position, event: 0, words });
  }

  private planned({ events }: DecodedCommit): void {
    for (const event of events) {
      if (event.type !== 'RolloutPlanned') continue;
      this.#rollouts += 1;
      if (event.plan.rollbackOf !== undefined) this.#takenBack.add(event.plan.rollbackOf);
    }
  }

  private mayHaveEnded(id: string): void {
    const model = this.#invariants.rollouts.get(id);
    if (model?.status !== 'ended') return;
    const group = groupStreamId(model.plan.group);
    const ended = this.#ended.get(group) ?? new Set();
    this.#ended.set(group, ended.add(id));
  }

  private mayForget(group: string, { events }: DecodedCommit): void {
    if (!events.some(({ type }) => type === 'LeaseGranted')) return;
    const { active } = this.#invariants.group(group);
    const ended = this.#ended.get(group) ?? new Set<string>();
    const old = [...ended].slice(0, Math.max(0, ended.size - REMEMBERED));
    for (const id of old) {
      const owes = this.#invariants.rollouts.get(id)?.takenBack !== undefined && !this.#takenBack.has(id);
      if (id === active || owes) continue;
      ended.delete(id);
      this.#takenBack.delete(id);
      this.#forgotten.add(id);
      this.#invariants.forget(id);
    }
  }
}

function drafted({ events, meta }: DecodedCommit): readonly EventToAppend[] {
  const items: EventToAppend[] = [];
  for (let i = 0; i < events.length; i += 1) {
    const [event, said] = [events[i], meta[i]];
    if (event !== undefined && said !== undefined) items.push({ event, meta: said });
  }
  return items;
}
