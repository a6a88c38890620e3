import { createHash } from 'node:crypto';

import { type DomainEvent, type EventMeta, labelStreamId, type PlanEvent, type RolloutEvent } from '@sluice/contracts';
import { type Actor, messageOf, SluiceError } from '@sluice/kernel';
import { evolveRollout, initialRollout, planOf, type RolloutState, summarizeRollout } from '@sluice/rollout';

import { changeOf, requestOf } from './change.js';
import { type RecordCommit } from './commit.js';
import { isCommand, timeOfCause, timeText } from './moments.js';
import { Recording } from './recording.js';
import { type ChangeRecord, type Evidence, RECORD_SCHEMA, type Statement, type TargetOutcome } from './schema.js';
import { TargetLedger } from './targets.js';
import { wordsOf } from './words.js';

export interface BuiltRecord {
  readonly record: ChangeRecord;
  /** One line of JSON for each target, made as they are asked for. */
  readonly targetLines: () => Generator<string>;
  readonly targets: () => Generator<TargetOutcome>;
}

const WRITERS: ReadonlySet<string> = new Set(['plan', 'exec', 'gate', 'notice']);
const NOBODY: EventMeta = { by: { id: 'unknown', kind: 'service' }, cause: '', corr: '' };

/** What a command led to is decided by a service of Sluice; who gave it may be a service of others. */
const OURS: ReadonlySet<string> = new Set(['executor', 'planner', 'health-gate', 'notifier']);
const isOfOurs = ({ kind, id }: Actor): boolean => kind === 'service' && OURS.has(id);

export const whoOf = ({ kind, id }: Actor): string => `${kind}:${id}`;

/** Whether commits of that stream (`<writer>.<id>`) are part of the record of a rollout. */
export function isOfRollout(stream: string, rollout: string): boolean {
  const [writer = '', id = ''] = stream.split('.');
  return writer === 'label' ? id === labelStreamId(rollout) : id === rollout && WRITERS.has(writer);
}

/**
 * Makes the record of one rollout from its commits, added in the order of the log. In memory are the rollout's own state
 * and what was recorded last of each target. Codes: NOT_PLANNED, UNREADABLE_HISTORY.
 */
export class RecordBuilder {
  readonly #targets = new TargetLedger();
  readonly #recording = new Recording();
  #state: RolloutState = initialRollout();
  #planned: { readonly statement: Statement; readonly at: number } | undefined;

  constructor(private readonly rollout: string) {}

  /** False for a commit that is not of this rollout. */
  add(commit: RecordCommit): boolean {
    if (!isOfRollout(commit.stream, this.rollout)) return false;
    this.#recording.commit(commit);
    try {
      for (let i = 0; i < commit.events.length; i += 1) this.event(commit, i);
    } catch (error) {
      throw new SluiceError(
        'UNREADABLE_HISTORY',
        `${commit.stream} rev ${commit.rev} cannot be followed (${messageOf(error)}): verify the log first`,
      );
    }
    return true;
  }

  finish(): BuiltRecord {
    const planned = this.#planned;
    if (planned === undefined || this.#state.plan === undefined)
      throw new SluiceError('NOT_PLANNED', `the log has no plan of ${this.rollout}: name its archive, or another id`);
    const state = this.#state;
    const targets = (): Generator<TargetOutcome> => this.#targets.outcomes(state);
    return { record: this.record(planned.statement), targets, targetLines: () => linesOf(targets()) };
  }

  private event(commit: RecordCommit, index: number): void {
    const event = commit.events[index];
    if (event === undefined) return;
    const meta = commit.meta[index] ?? NOBODY;
    const { position, stream, rev, at, sha256: hash } = commit;
    const evidence: Evidence = { position, stream, rev, event: index, commit: hash };
    if (/^(?:plan|exec)\./.test(stream))
      this.#state = evolveRollout(this.#state, event as PlanEvent | RolloutEvent, at);
    this.#targets.saw(event, at, evidence);
    if (event.type === 'RolloutPlanned') {
      const statement = statementOf({ event, meta, at, words: 'planned', evidence });
      this.#planned = { statement, at };
      this.#recording.planned(event.plan, event.planHash);
    } else this.said(event, { meta, at, evidence });
  }

  private said(event: DomainEvent, { meta, at, evidence }: { meta: EventMeta; at: number; evidence: Evidence }): void {
    if (event.type === 'NoticeDelivered') return this.#recording.noticed();
    const words = wordsOf(event, (target) => this.#state.targets[target]?.host ?? `target ${target}`);
    if (words === undefined) return;
    const statement = statementOf({ event, meta, at, words, evidence });
    this.#recording.said(event, statement, isCommand(meta.cause) && !isOfOurs(meta.by));
  }

  private record(planned: Statement): ChangeRecord {
    const { rollout } = this;
    const state = this.#state;
    const plan = planOf(state);
    const { counts } = summarizeRollout(state);
    const { done, skipped, failed, unknown, excluded, untouched } = counts;
    const told = this.#recording.told(planned, timeText);
    const lines = digested(linesOf(this.#targets.outcomes(state)));
    return {
      schema: RECORD_SCHEMA,
      rollout,
      state: state.status,
      request: requestOf(plan, planned.evidence),
      change: changeOf(plan, state.planHash),
      ...{ times: told.times, approvals: told.approvals, commands: told.commands, decisions: told.decisions },
      omitted: told.omitted,
      outcome: {
        counts: { done, skipped, failed, unknown, excluded, untouched },
        notServing: state.out.reduce((sum, out) => sum + out, 0),
        targets: lines,
      },
      ...{ labels: told.labels, notices: told.notices, warnings: told.warnings },
      ...{ streams: told.streams, commits: told.commits },
    };
  }
}

function statementOf({
  event,
  meta,
  at,
  words,
  evidence,
}: {
  readonly event: DomainEvent;
  readonly meta: EventMeta;
  readonly at: number;
  readonly words: string;
  readonly evidence: Evidence;
}): Statement {
  const said = timeOfCause(meta.cause);
  const reason = 'reason' in event ? event.reason : undefined;
  return {
    recorded: timeText(at),
    ...(said === undefined ? {} : { said: timeText(said) }),
    ...{ by: whoOf(meta.by), type: event.type, words },
    ...(reason === undefined || reason === '' ? {} : { reason }),
    evidence,
  };
}

function* linesOf(outcomes: Iterable<TargetOutcome>): Generator<string> {
  for (const outcome of outcomes) yield `${JSON.stringify(outcome)}\n`;
}

function digested(lines: Iterable<string>): { readonly lines: number; readonly sha256: string } {
  const hash = createHash('sha256');
  let count = 0;
  for (const line of lines) {
    hash.update(line);
    count += 1;
  }
  return { lines: count, sha256: hash.digest('hex') };
}
