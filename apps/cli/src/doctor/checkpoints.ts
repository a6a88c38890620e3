import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { STREAMS, SUBJECTS } from '@sluice/contracts';
import { messageOf } from '@sluice/kernel';
import { requestJson } from '@sluice/messaging';

import { type Finding, ok, warning, wrong } from './finding.js';

/** What a checkpointer says of itself. */
interface Status {
  readonly size?: number;
  readonly at?: number;
  readonly everyMs?: number;
  readonly refused?: { readonly code: string; readonly words: string };
  readonly late?: { readonly turns: number; readonly code: string };
}

const CHECK = 'checkpoints';
const TIMEOUT_MS = 3_000;
/** Turns that may come to nothing before a checkpoint is too old, and a pause for the signing itself. */
const LATE_TURNS = 2;
const SLACK_MS = 60_000;

/** Whether the log is signed, and lately. */
export async function checkpointFindings(nats: NatsConnection, now: () => number): Promise<readonly Finding[]> {
  try {
    const asked = await requestJson<Status>(nats, SUBJECTS.checkpointerStatus, {}, { timeoutMs: TIMEOUT_MS });
    if (asked.kind === 'answer') return [findingOf(asked.value, now())];
    return [await withoutOne(nats, now())];
  } catch (error) {
    return [warning(CHECK, messageOf(error), 'give this user the right to ask the checkpointer')];
  }
}

export function findingOf({ size, at, everyMs = 0, refused, late }: Status, now: number): Finding {
  if (refused !== undefined) {
    const todo = 'look at once: `sluice audit verify --checkpoint latest.checkpoint --key verifier.pub` says where';
    return wrong(CHECK, `NOTHING IS SIGNED: ${refused.code}, ${refused.words}`, todo);
  }
  const failing = late === undefined ? '' : `; the last ${late.turns} turns came to nothing (${late.code})`;
  if (size === undefined || at === undefined) {
    const words = `none was signed yet${failing}`;
    return late === undefined ? ok(CHECK, words) : warning(CHECK, words, 'see what the checkpointer logs');
  }
  const words = `${size} commits were signed ${ageOf(now - at)} ago${failing}`;
  if (now - at <= LATE_TURNS * everyMs + SLACK_MS) return ok(CHECK, words);
  return warning(
    CHECK,
    `too old: ${words}`,
    'see what the checkpointer logs; until it signs, new entries are unprotected',
  );
}

/** Nobody answers: that is well where nothing was ever signed. */
async function withoutOne(nats: NatsConnection, now: number): Promise<Finding> {
  const manager = await jetstreamManager(nats);
  const last = await manager.streams.getMessage(STREAMS.checkpoints, { last_by_subj: SUBJECTS.checkpoint });
  if (last === null) return ok(CHECK, 'none are signed; with SLUICE_CHECKPOINT_KEY a checkpointer signs the log');
  const words = `no checkpointer runs, and the last one is ${ageOf(now - last.time.getTime())} old`;
  return wrong(CHECK, words, 'start it (`sluice checkpointer`, or `sluice up` with SLUICE_CHECKPOINT_KEY)');
}

const MINUTE = 60_000;

function ageOf(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / MINUTE));
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
