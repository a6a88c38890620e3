import type { CommitView } from '@sluice/gateway';

import type { Api } from '../client/api.js';

/** How many times as fast as it went; `max`: no pauses. */
export type Speed = number | 'max';

/** The last commit that is played: the one at `position`, and those behind it up to `time`. */
export interface End {
  readonly position: number;
  readonly time: number;
}

export interface Pace {
  readonly speed: Speed;
  /** ms */
  readonly longestPause: number;
  readonly end: End | undefined;
}

export interface Stage {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** A pause is slept in pieces, so that it ends as soon as somebody interrupts it. */
const SLICE_MS = 50;
const PAGE = 200;

/** Tells each commit when its time has come. Ends early when the signal aborts. */
export async function replay(
  commits: AsyncIterable<CommitView>,
  stage: Stage,
  { speed, longestPause, end }: Pace,
  tell: (commit: CommitView) => void,
): Promise<void> {
  let before: CommitView | undefined;
  let toldAt = stage.now();
  for await (const commit of commits) {
    if (stage.signal.aborted || isBehind(commit, end)) return;
    const gap = before === undefined || speed === 'max' ? 0 : Math.max(0, commit.at - before.at) / speed;
    // The time that reading it took is part of the pause.
    if (!(await slept(stage, toldAt + Math.min(gap, longestPause)))) return;
    tell(commit);
    toldAt = stage.now();
    before = commit;
  }
}

const isBehind = ({ position, at }: CommitView, end: End | undefined): boolean =>
  end !== undefined && position > end.position && at > end.time;

/** Whether it slept to the end. */
async function slept({ now, sleep, signal }: Stage, until: number): Promise<boolean> {
  for (let left = until - now(); left > 0 && !signal.aborted; left = until - now())
    await sleep(Math.min(left, SLICE_MS));
  return !signal.aborted;
}

/** The history of a rollout, page by page. Ends early when the signal aborts. */
export async function* commitsOf(api: Api, id: string, signal: AbortSignal): AsyncGenerator<CommitView> {
  let after = 0;
  for (let more = true; more && !signal.aborted;) {
    const query = { after, limit: PAGE };
    const page = await unlessAborted(
      signal,
      api.call<{ items: CommitView[]; next: number | null }>('listEvents', { path: { id }, query, signal }),
    );
    if (page === undefined) return;
    yield* page.items;
    more = page.next !== null;
    after = page.next ?? after;
  }
}

async function unlessAborted<T>(signal: AbortSignal, asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
