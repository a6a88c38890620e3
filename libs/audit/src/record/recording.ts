import type { DomainEvent, Plan } from '@sluice/contracts';

import { timeOfId } from './moments.js';
import type { RecordCommit } from './commit.js';
import type { Approval, ChangeRecord, Moment, Statement, StreamSeen } from './schema.js';

/** A record is read by people: of what is said more often than this, it says how many more there are. */
const MAX_STATEMENTS = 5_000;
/** Clocks that differ by less are told by nobody. */
const SKEW_MS = 5_000;
const MAX_WARNINGS = 100;

type Told = Pick<
  ChangeRecord,
  | 'approvals'
  | 'commands'
  | 'decisions'
  | 'omitted'
  | 'labels'
  | 'notices'
  | 'warnings'
  | 'streams'
  | 'commits'
  | 'times'
>;

const MOMENTS: { readonly [T in DomainEvent['type']]?: Moment['what'] } = {
  RolloutStarted: 'started',
  ApprovalGranted: 'approved',
  RolloutBraked: 'braked',
  RolloutSucceeded: 'ended',
  RolloutFailed: 'ended',
  RolloutCancelled: 'ended',
  RolloutClosed: 'ended',
};

/** What was said in a rollout, gathered as its commits come. */
export class Recording {
  readonly #approvals: Approval[] = [];
  readonly #asked = new Map<string, string>();
  readonly #commands: Statement[] = [];
  readonly #decisions: Statement[] = [];
  readonly #labels: Statement[] = [];
  readonly #times: Moment[] = [];
  readonly #warnings: string[] = [];
  readonly #streams = new Map<string, StreamSeen>();
  readonly #commits: ChangeRecord['commits'][number][] = [];
  readonly #omitted = { commands: 0, decisions: 0 };
  #latest = { at: 0, place: '' };
  #notices = 0;
  #plan: { readonly plan: Plan; readonly planHash: string } | undefined;

  commit({ position, stream, rev, at, sha256, id }: RecordCommit): void {
    this.#commits.push({ position, stream, rev, recorded: new Date(at).toISOString(), sha256 });
    const before = this.#streams.get(stream);
    this.#streams.set(stream, {
      ...{ stream, commits: (before?.commits ?? 0) + 1, from: before?.from ?? rev, to: rev },
      ...{ first: before?.first ?? position, last: position, head: sha256 },
    });
    this.clocks(`${stream} rev ${rev}`, at, timeOfId(id));
  }

  planned(plan: Plan, planHash: string): void {
    this.#plan = { plan, planHash };
  }

  noticed(): void {
    this.#notices += 1;
  }

  said(event: DomainEvent, statement: Statement, isTold: boolean): void {
    const { recorded, said, evidence } = statement;
    const what = MOMENTS[event.type];
    if (what !== undefined) this.#times.push({ what, recorded, ...(said === undefined ? {} : { said }) });
    if (said !== undefined && Date.parse(said) > Date.parse(recorded) + SKEW_MS)
      this.warn(
        `${evidence.stream} rev ${evidence.rev} answers a command that was given ${Date.parse(said) - Date.parse(recorded)} ms later: two clocks disagree`,
      );
    if (event.type === 'ApprovalRequested') this.#asked.set(event.approval, recorded);
    if (event.type === 'ApprovalGranted' || event.type === 'ApprovalRejected') this.approval(event, statement);
    else if (event.type === 'RolloutLabelled') this.#labels.push(statement);
    else this.keep(isTold ? 'commands' : 'decisions', statement);
  }

  told(planned: Statement, timeText: (at: number) => string): Told {
    const { plan } = this.#plan ?? {};
    const said = timeOfId(plan?.requestId ?? '');
    const requested: Moment = {
      what: 'requested',
      recorded: planned.recorded,
      ...(said === undefined ? {} : { said: timeText(said) }),
    };
    return {
      times: [requested, { what: 'planned', recorded: planned.recorded }, ...this.#times],
      approvals: this.#approvals,
      commands: this.#commands,
      decisions: this.#decisions,
      omitted: this.#omitted,
      labels: this.#labels,
      notices: this.#notices,
      warnings: this.#warnings,
      streams: [...this.#streams.values()],
      commits: this.#commits,
    };
  }

  private approval(
    event: Extract<DomainEvent, { readonly type: 'ApprovalGranted' | 'ApprovalRejected' }>,
    statement: Statement,
  ): void {
    const asked = this.#asked.get(event.approval);
    const planHash = event.type === 'ApprovalGranted' ? event.planHash : undefined;
    const checked = {
      isOfThisPlan: planHash === undefined || planHash === this.#plan?.planHash,
      isNotTheRequester: statement.by !== requesterOf(this.#plan?.plan),
    };
    if (planHash !== undefined) this.doubt(statement, { ...checked, wasAsked: asked !== undefined });
    this.#approvals.push({
      ...statement,
      ...{ approval: event.approval, decision: planHash === undefined ? 'rejected' : 'granted' },
      ...(asked === undefined ? {} : { asked }),
      ...(planHash === undefined ? {} : { planHash }),
      ...checked,
    });
  }

  private doubt(
    { evidence: { stream, rev } }: Statement,
    {
      isOfThisPlan,
      isNotTheRequester,
      wasAsked,
    }: Readonly<Record<'isOfThisPlan' | 'isNotTheRequester' | 'wasAsked', boolean>>,
  ): void {
    const place = `${stream} rev ${rev}`;
    if (!isOfThisPlan) this.warn(`${place} approves another plan than this one`);
    if (!isNotTheRequester) this.warn(`${place}: who requested the change approved it`);
    if (!wasAsked) this.warn(`${place} answers a question that was not asked`);
  }

  /** A later place in the log with an earlier time, and a time that was held back because its clock had gone back. */
  private clocks(place: string, at: number, made: number | undefined): void {
    const { at: latest, place: before } = this.#latest;
    if (at < latest - SKEW_MS)
      this.warn(`${place} is ${latest - at} ms older than ${before}, which stands before it: two clocks disagree`);
    if (made !== undefined && made < at - SKEW_MS)
      this.warn(`${place} was written ${at - made} ms before the time that it says: its service's clock went back`);
    if (at > latest) this.#latest = { at, place };
  }

  private keep(kind: 'commands' | 'decisions', statement: Statement): void {
    const kept = kind === 'commands' ? this.#commands : this.#decisions;
    if (kept.length < MAX_STATEMENTS) kept.push(statement);
    else this.#omitted[kind] += 1;
  }

  private warn(words: string): void {
    if (this.#warnings.length < MAX_WARNINGS) this.#warnings.push(words);
  }
}

const requesterOf = (plan: Plan | undefined): string | undefined =>
  plan === undefined ? undefined : `${plan.requestedBy.kind}:${plan.requestedBy.id}`;
