import { type Clock, SluiceError } from '@sluice/kernel';

import { sleep } from '../time/waiting.js';
import type { ProcessTable } from './process-table.js';

const POLL_MS = 40;
/** From SIGKILL until the kernel must have taken the process away. */
const KILL_CONFIRM_MS = 5_000;

export interface ToStop {
  /** Leader of the process group, and the life that was recorded for it; undefined when only the marks are known. */
  readonly leader: { readonly pid: number; readonly life: string } | undefined;
  /** `NAME=value` that every process of it was started with: finds those that left the group, too. */
  readonly marks: readonly string[];
  readonly graceMs: number;
  /** Gives up waiting when it aborts: code INTERRUPTED. */
  readonly signal: AbortSignal;
}

/**
 * SIGTERM to all of it, the grace period, SIGKILL, and a look that nothing of it lives (XIM-06).
 * Code STOP_NOT_CONFIRMED when something still does.
 */
export async function stopConfirmed(table: ProcessTable, clock: Clock, target: ToStop): Promise<void> {
  if (await endedAfter(table, clock, target, { signal: 'SIGTERM', ms: target.graceMs })) return;
  if (await endedAfter(table, clock, target, { signal: 'SIGKILL', ms: KILL_CONFIRM_MS })) return;
  const left = await living(table, target);
  if (left.length === 0) return;
  throw new SluiceError(
    'STOP_NOT_CONFIRMED',
    `the old process still lives (pid ${left.slice(0, 5).join(', ')}) after SIGTERM, ${target.graceMs} ms and SIGKILL: end it by hand, then retry`,
    { pids: left },
  );
}

async function endedAfter(
  table: ProcessTable,
  clock: Clock,
  target: ToStop,
  how: { readonly signal: NodeJS.Signals; readonly ms: number },
): Promise<boolean> {
  const victims = await living(table, target);
  if (victims.length === 0) return true;
  for (const pid of victims) table.signal(pid, how.signal);
  for (let waited = 0; waited < how.ms; waited += POLL_MS) {
    await sleep(clock, Math.min(POLL_MS, how.ms - waited), target.signal);
    if (target.signal.aborted)
      throw new SluiceError('INTERRUPTED', 'the agent stops: the stop of the app goes on after its restart');
    if (await gone(table, target, victims)) return true;
  }
  return false;
}

/** A whole look costs a walk over all processes: it is made once the known ones are gone. */
async function gone(table: ProcessTable, target: ToStop, known: readonly number[]): Promise<boolean> {
  for (const pid of known) {
    if ((await table.lifeOf(pid)) !== undefined) return false;
  }
  return (await living(table, target)).length === 0;
}

/**
 * The group is ours while its leader is the one that was recorded, or while the leader is gone (a group's id is not
 * given away as long as it has members) and its members carry our marks.
 */
async function living(table: ProcessTable, { leader, marks }: ToStop): Promise<readonly number[]> {
  const marked = await table.withEnvironment(marks);
  if (leader === undefined) return marked ?? [];
  const life = await table.lifeOf(leader.pid);
  if (life !== undefined && life !== leader.life) return marked ?? [];
  const members = await table.membersOf(leader.pid);
  const ours = life === undefined && marked !== undefined ? members.filter((pid) => marked.includes(pid)) : members;
  return [...new Set([...ours, ...(marked ?? [])])];
}
