import {
  EMPTY_HEAD,
  type EventMeta,
  MAX_COMMIT_EVENTS,
  type PlanEvent,
  type RecordedCommit,
  type StreamHead,
  type StreamName,
  shardOfId,
} from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { type Clock, invariant, isSluiceError, serviceActor, SluiceError } from '@sluice/kernel';
import { planStream, type PlanStreamInput, type PlanStreamState } from '@sluice/planning';

export type PlanStreamName = StreamName & { readonly writer: 'plan' };

interface Loaded {
  readonly state: PlanStreamState;
  readonly head: StreamHead;
}

/** Whom the log names for the events. */
export interface Because {
  readonly cause: string;
  readonly corr: string;
}

// Room for a seal of at most about 450 KiB beside it is not needed: a commit that would pass the bound is closed first.
const MAX_PACKED_BYTES = 384 * 1024;
const MAX_TRIES = 8;

const PLANNER = serviceActor('planner');
const encoder = new TextEncoder();

/** The plan stream of a rollout or refusal id. */
export function planStreamOf(id: string): PlanStreamName {
  const shard = shardOfId(id);
  invariant(shard !== undefined, 'an id must carry its shard', { id });
  return { shard, writer: 'plan', id };
}

/** Reads and writes `plan` streams. Several planners may do so at once: the log lets one win, the others look again. */
export class PlanStreams {
  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
    private readonly newId: () => string,
  ) {}

  /** Where the stream stands. A sealed one costs one read, however many targets it has. */
  async state(id: string): Promise<PlanStreamState> {
    return (await this.#load(planStreamOf(id))).state;
  }

  /**
   * Decides on what the stream holds and appends what follows; looks again when another writer was faster. `decide`
   * may be asked several times. Returns the state before the input that took effect.
   */
  async settle(id: string, because: Because, input: PlanStreamInput): Promise<PlanStreamState> {
    const stream = planStreamOf(id);
    for (let tries = 1; ; tries += 1) {
      const { state, head } = await this.#load(stream);
      const events = planStream.decide(state, input, this.clock.now());
      if (await this.#append(stream, head, because, events)) return state;
      if (tries >= MAX_TRIES) throw tooBusy(id);
    }
  }

  /** False when the stream was not as expected. */
  async #append(
    stream: PlanStreamName,
    head: StreamHead,
    because: Because,
    events: readonly PlanEvent[],
  ): Promise<boolean> {
    const meta: EventMeta = { by: PLANNER, ...because };
    let current = head;
    try {
      for (const packed of pack(events)) {
        const draft = { id: this.newId(), at: this.clock.now(), events: packed.map((event) => ({ event, meta })) };
        current = await this.log.append(stream, current, draft);
      }
      return true;
    } catch (error) {
      if (isSluiceError(error, 'CONCURRENCY_CONFLICT')) return false;
      throw error;
    }
  }

  async #load(stream: PlanStreamName): Promise<Loaded> {
    const last = await this.log.last(stream);
    if (last === undefined) return { state: planStream.initialState(), head: EMPTY_HEAD };
    if (isSeal(last)) return folded([last]);
    const commits: RecordedCommit<'plan'>[] = [];
    for await (const commit of this.log.read(stream)) commits.push(commit);
    return folded(commits);
  }
}

/** Nothing follows a seal, so a last commit that holds one tells the whole state. */
const isSeal = (commit: RecordedCommit<'plan'>): boolean => commit.events.at(-1)?.type === 'RolloutPlanned';

function folded(commits: readonly RecordedCommit<'plan'>[]): Loaded {
  let state = planStream.initialState();
  let head = EMPTY_HEAD;
  for (const commit of commits) {
    for (const event of commit.events) state = planStream.evolve(state, event, commit.head.at);
    head = commit.head;
  }
  return { state, head };
}

/** Events in commits of bounded size; each is at most about 450 KiB by itself. */
function* pack(events: readonly PlanEvent[]): Generator<readonly PlanEvent[]> {
  let packed: PlanEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = encoder.encode(JSON.stringify(event)).length;
    if (packed.length > 0 && (packed.length >= MAX_COMMIT_EVENTS || bytes + size > MAX_PACKED_BYTES)) {
      yield packed;
      [packed, bytes] = [[], 0];
    }
    packed.push(event);
    bytes += size;
  }
  if (packed.length > 0) yield packed;
}

const tooBusy = (id: string): SluiceError =>
  new SluiceError('PLAN_CONTENDED', `other planners keep writing the plan of ${id}: send the request again`, { id });
