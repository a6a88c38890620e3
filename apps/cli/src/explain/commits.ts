import type { CommitSource } from '@sluice/audit';
import { decodeCommit, type DomainEvent, groupStreamId, type TracedCommit, type Writer } from '@sluice/contracts';
import type { CommitView, EventView } from '@sluice/gateway';

import { reading, type SourceOptions } from '../audit/source.js';
import { CliError, EXIT } from '../client/exit.js';
import type { Shell } from '../commands/shell.js';

const PAGE = 500;

/** Where the commits of a rollout are read: over the API, or as they lie in a log, an archive or an export. */
export interface ReadOptions extends SourceOptions {
  readonly source?: string;
  /** Decides them again: a part of the group's stream is no witness then. */
  readonly verify?: boolean;
}

/** Commits of a rollout and of its group in the order of the log, one at a time to `take`. */
export async function eachCommit(
  shell: Shell,
  id: string,
  { take, ...options }: ReadOptions & { readonly take: (commit: TracedCommit) => void },
): Promise<void> {
  const isRaw = options.source !== undefined || options.nats !== undefined || options.archive !== undefined;
  if (!isRaw) for await (const commit of overApi(shell, id)) take(commit);
  else
    await reading(options.source, options, async (log) => {
      const group = await groupOf(log.read(), id);
      const isLeftOut = log.isArchiveAlone === true && options.verify === true;
      const wanted = new Set([...OWN.map((writer) => `${writer}.${id}`), ...(isLeftOut ? [] : [group])]);
      for await (const commit of streamsOf(log.read(), wanted)) take(commit);
    });
}

const OWN = ['plan', 'exec', 'gate'] as const;

async function* overApi(shell: Shell, id: string): AsyncIterable<TracedCommit> {
  const own = pages(shell, 'listEvents', { id });
  const first = await own.next();
  const group = first.done === true ? undefined : groupIn(first.value);
  const of = group === undefined ? undefined : pages(shell, 'listGroupEvents', { name: group });
  yield* merged(startingWith(first, own), of);
}

async function* startingWith<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncGenerator<T> {
  for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
}

/** `listEvents` is continued by a position, `listGroupEvents` by a cursor. */
async function* pages(
  shell: Shell,
  operation: 'listEvents' | 'listGroupEvents',
  path: Readonly<Record<string, string>>,
): AsyncGenerator<TracedCommit> {
  const parameter = operation === 'listEvents' ? 'after' : 'cursor';
  let next: number | string | null | undefined;
  do {
    const query = { limit: PAGE, ...(next === undefined || next === null ? {} : { [parameter]: next }) };
    const page = await pageOf(shell, operation, { path, query });
    for (const commit of page.items) yield traced(commit);
    next = page.next;
  } while (next !== null);
}

/** A group that was never heard of has decided nothing. */
async function pageOf(
  shell: Shell,
  operation: 'listEvents' | 'listGroupEvents',
  call: { readonly path: Readonly<Record<string, string>>; readonly query: Readonly<Record<string, string | number>> },
): Promise<Page> {
  try {
    return await shell.api.call<Page>(operation, call);
  } catch (error) {
    if (operation === 'listGroupEvents' && error instanceof CliError && error.exit === EXIT.notFound)
      return { items: [], next: null };
    throw error;
  }
}

interface Page {
  readonly items: readonly CommitView[];
  readonly next: number | string | null;
}

/** By position; the shorter of the two ends first. */
async function* merged(
  own: AsyncGenerator<TracedCommit>,
  group: AsyncGenerator<TracedCommit> | undefined,
): AsyncGenerator<TracedCommit> {
  let other = await group?.next();
  for await (const commit of own) {
    for (; other?.done === false && other.value.position < commit.position; other = await group?.next())
      yield other.value;
    yield commit;
  }
  for (; other?.done === false; other = await group?.next()) yield other.value;
}

function traced({ writer, stream, rev, position, at, events }: CommitView): TracedCommit {
  return {
    ...{ writer, stream, rev, position, at },
    events: events.map(eventOf),
    meta: events.map(({ meta }) => meta),
  };
}

/** The event as the log has it: the API adds who, why, and where the output of a failed step is. */
function eventOf({ meta: _, output: __, ...event }: EventView): DomainEvent {
  return event;
}

function groupIn({ events }: TracedCommit): string | undefined {
  for (const event of events) {
    if (event.type === 'RolloutPlanned') return event.plan.group;
  }
  return undefined;
}

const HEAD_BYTES = 512;
const STREAM = /"stream":"([a-z]+)\.([^"]+)"/;

/** A log is read by the beginnings of its commits: only those that are wanted are decoded. */
async function* streamsOf(source: CommitSource, wanted: ReadonlySet<string>): AsyncIterable<TracedCommit> {
  for await (const { position, bytes } of source) {
    const [, writer = '', stream = ''] = STREAM.exec(Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString()) ?? [];
    if (!wanted.has(`${writer}.${stream}`)) continue;
    const { rev, at, events, meta } = decodeCommit(bytes);
    yield { writer: writer as Writer, stream, rev, position, at, events, meta };
  }
}

/** The stream of its group: what the group said before the rollout was planned counts, too. */
async function groupOf(source: CommitSource, id: string): Promise<string> {
  for await (const commit of streamsOf(source, new Set([`plan.${id}`]))) {
    const group = groupIn(commit);
    if (group !== undefined) return `group.${groupStreamId(group)}`;
    if (commit.events.some(({ type }) => type === 'RequestRefused')) return '';
  }
  throw new CliError(EXIT.notFound, `there is no rollout ${id} in what was read`);
}
