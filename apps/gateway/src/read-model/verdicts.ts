import { type GateJudged, type GateName, type RecordedCommit, shardOfId } from '@sluice/contracts';
import type { Actor } from '@sluice/kernel';

import type { LogReader } from './rollout-loader.js';

/** A verdict as it stands in the log: `event` holds the inputs from which it can be decided again (rejudge). */
export interface VerdictView {
  readonly position: number;
  /** ms since the epoch. */
  readonly at: number;
  readonly by: Actor;
  readonly event: GateJudged;
}

export interface VerdictQuery {
  readonly id: string;
  /** Only verdicts of commits from this rev of the gate stream on. */
  readonly fromRev: number;
  readonly limit: number;
  readonly gate?: string | undefined;
}

/** Inputs hold samples: a page is no longer than this, whatever its limit allows. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

interface VerdictPage {
  readonly items: readonly VerdictView[];
  /** The rev that continues; undefined at the end. A commit's verdicts are never on two pages. */
  readonly next: number | undefined;
}

/** Reads the gate stream of the rollout from that rev on, and stops where the page is full. */
export async function verdictPage(log: LogReader, { id, fromRev, limit, gate }: VerdictQuery): Promise<VerdictPage> {
  const shard = shardOfId(id);
  const items: VerdictView[] = [];
  let bytes = 0;
  if (shard === undefined) return { items, next: undefined };
  for await (const commit of log.read({ shard, writer: 'gate', id }, fromRev)) {
    const found = verdictsOf(commit, gate);
    if (items.length > 0 && items.length + found.length > limit) return { items, next: commit.head.rev };
    bytes += JSON.stringify(found).length;
    if (items.length > 0 && bytes > MAX_PAGE_BYTES) return { items, next: commit.head.rev };
    items.push(...found);
  }
  return { items, next: undefined };
}

function verdictsOf({ head, events, meta }: RecordedCommit<'gate'>, gate: GateName | undefined): VerdictView[] {
  return events.flatMap((event, index) => {
    if (event.type !== 'GateJudged' || (gate !== undefined && event.gate !== gate)) return [];
    const by = meta[index]?.by ?? { id: 'unknown', kind: 'service' as const };
    return [{ position: head.position, at: head.at, by, event }];
  });
}
