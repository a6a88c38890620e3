import { parseRunCommand, type RunCommand, type StepName, type StepReport } from '@sluice/contracts';
import { SluiceError, unreachable } from '@sluice/kernel';

/** One line of the journal. `at` is ms since the epoch. */
export type JournalRecord =
  | { readonly t: 'accepted'; readonly at: number; readonly run: RunCommand }
  | { readonly t: 'began'; readonly at: number; readonly attempt: string; readonly step: StepName }
  | { readonly t: 'done'; readonly at: number; readonly attempt: string; readonly report: StepReport }
  | { readonly t: 'ended'; readonly at: number; readonly attempt: string }
  /** Nobody needs the final report any more: it is durable elsewhere, or was refused for good. */
  | { readonly t: 'settled'; readonly at: number; readonly attempt: string }
  /** The highest fencing token seen; written by compaction for runs that it drops. */
  | { readonly t: 'token'; readonly app: string; readonly group: string; readonly token: number };

export interface Attempt {
  readonly run: RunCommand;
  readonly steps: StepReport[];
  /** The step that began last. */
  step: StepName | undefined;
  ended: boolean;
  settled: boolean;
}

/** What the journal says, folded. Attempts are in the order of their acceptance. */
export interface JournalState {
  readonly attempts: Map<string, Attempt>;
  readonly tokens: Map<string, number>;
}

export const emptyState = (): JournalState => ({ attempts: new Map(), tokens: new Map() });

const tokenKey = (app: string, group: string): string => JSON.stringify([app, group]);

export const tokenOf = (state: JournalState, app: string, group: string): number =>
  state.tokens.get(tokenKey(app, group)) ?? 0;

/** Folds one record into the state. Code JOURNAL_CORRUPT for one that cannot follow what came before. */
export function applyRecord(state: JournalState, record: JournalRecord): void {
  switch (record.t) {
    case 'accepted':
      state.attempts.set(record.run.attempt, {
        run: record.run,
        steps: [],
        step: undefined,
        ended: false,
        settled: false,
      });
      return raiseToken(state, record.run.spec, record.run.token);
    case 'token':
      return raiseToken(state, record, record.token);
    case 'began':
      attemptOf(state, record.attempt).step = record.step;
      return;
    case 'done':
      attemptOf(state, record.attempt).steps.push(record.report);
      return;
    case 'ended':
      attemptOf(state, record.attempt).ended = true;
      return;
    case 'settled':
      attemptOf(state, record.attempt).settled = true;
      return;
    default:
      return unreachable(record, 'journal record');
  }
}

function raiseToken(
  state: JournalState,
  { app, group }: { readonly app: string; readonly group: string },
  token: number,
): void {
  state.tokens.set(tokenKey(app, group), Math.max(token, tokenOf(state, app, group)));
}

function attemptOf(state: JournalState, attempt: string): Attempt {
  const found = state.attempts.get(attempt);
  if (found === undefined)
    throw new SluiceError('JOURNAL_CORRUPT', `it speaks of the attempt ${attempt}, which it never accepted`);
  return found;
}

/** The records that fold to the same state but for ended, settled attempts beyond the newest `keep`. */
export function compacted(state: JournalState, keep: number, at: number): readonly JournalRecord[] {
  const records: JournalRecord[] = [];
  for (const [key, token] of state.tokens) {
    const [app, group] = JSON.parse(key) as [string, string];
    records.push({ t: 'token', app, group, token });
  }
  const all = [...state.attempts.values()];
  const dropped = all.length - keep;
  for (const attempt of all.filter((one, i) => !one.ended || i >= dropped)) records.push(...recordsOf(attempt, at));
  return records;
}

function recordsOf({ run, steps, step, ended, settled }: Attempt, at: number): readonly JournalRecord[] {
  const { attempt } = run;
  return [
    { t: 'accepted', at, run },
    ...steps.map((report): JournalRecord => ({ t: 'done', at, attempt, report })),
    ...(step === undefined ? [] : [{ t: 'began', at, attempt, step } as const]),
    ...(ended ? [{ t: 'ended', at, attempt } as const] : []),
    ...(settled ? [{ t: 'settled', at, attempt } as const] : []),
  ];
}

const KINDS: ReadonlySet<unknown> = new Set<JournalRecord['t']>([
  'accepted',
  'began',
  'done',
  'ended',
  'settled',
  'token',
]);

/** One line as a record; throws when it is none. */
export function parseRecord(line: string): JournalRecord {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null || !('t' in value) || !KINDS.has(value.t))
    throw new Error('it is no record');
  const record = value as JournalRecord;
  if (record.t === 'accepted') parseRunCommand(record.run);
  return record;
}
