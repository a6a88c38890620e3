import type { DomainEvent, RecordedCommit, Writer } from '@sluice/contracts';
import type { Actor } from '@sluice/kernel';

import { outputLink } from '../outputs/links.js';

/** One event as the API tells it: what happened, who decided it, and what it answers. */
export type EventView = DomainEvent & {
  readonly meta: { readonly by: Actor; readonly cause: string; readonly corr: string };
  /** Of a step that failed: the address of what it wrote (TRS-15). */
  readonly output?: string;
};

/** One commit of the log as the API tells it. `position` orders everything and is the id of the live stream. */
export interface CommitView {
  readonly position: number;
  /** ms since the epoch. */
  readonly at: number;
  readonly writer: Writer;
  readonly stream: string;
  readonly rev: number;
  readonly commit: string;
  readonly events: readonly EventView[];
}

export function commitView(recorded: RecordedCommit): CommitView {
  const { head, stream, events, meta, id } = recorded;
  return {
    position: head.position,
    at: head.at,
    writer: stream.writer,
    stream: stream.id,
    rev: head.rev,
    commit: id,
    events: events.map((event: DomainEvent, i) => ({
      ...event,
      ...outputOf(stream.id, event),
      meta: meta[i] ?? { by: { id: 'unknown', kind: 'service' }, cause: '', corr: '' },
    })),
  };
}

const outputOf = (rollout: string, event: DomainEvent): Pick<EventView, 'output'> =>
  event.type === 'StepFailed' ? { output: outputLink(rollout, event.target, event.step, event.n) } : {};
