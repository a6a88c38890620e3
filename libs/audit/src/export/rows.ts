import {
  decodeCommit,
  type DecodedCommit,
  type EventMeta,
  decodeToken,
  isRolloutId,
  shardOfId,
} from '@sluice/contracts';

import type { AuditedCommit, CommitSource } from '../source.js';

/** One event with all that is known of it, flat: a line, a row. */
export interface EventRow {
  readonly position: number;
  readonly stream: string;
  readonly rev: number;
  /** Index in its commit, from 0. */
  readonly event: number;
  /** ms since the epoch, by the clock of the service that wrote it. */
  readonly at: number;
  readonly type: string;
  readonly app: string;
  readonly group: string;
  readonly rollout: string;
  readonly actor: string;
  readonly actorKind: string;
  readonly cause: string;
  readonly corr: string;
  /** Id of the commit. */
  readonly commit: string;
  /** The event without its type. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** What is exported; each names what must be so. Absent: everything. */
export interface ExportFilter {
  /** ms since the epoch, from then on. */
  readonly since?: number;
  /** ms since the epoch, up to but without it. */
  readonly until?: number;
  readonly app?: string;
  readonly group?: string;
  /** `ana`, or `user:ana`. */
  readonly actor?: string;
}

interface Belonging {
  readonly app: string;
  readonly group: string;
}

const NOBODY: EventMeta = { by: { id: '', kind: 'service' }, cause: '', corr: '' };
const NOWHERE: Belonging = { app: '', group: '' };
const PLAN = '"stream":"plan.';
const HEAD_BYTES = 256;

/** Which app and group a rollout is of: its plan says so, and the events of its other streams do not. */
export class Belongings {
  readonly #rollouts = new Map<string, Belonging>();
  readonly #apps = new Map<string, string>();

  /** Reads the plans alone: a line for each rollout is in memory. */
  static async of(log: CommitSource): Promise<Belongings> {
    const found = new Belongings();
    for await (const { bytes } of log) {
      const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEAD_BYTES)).toString('latin1');
      if (head.includes(PLAN)) found.#plan(decodeCommit(bytes));
    }
    return found;
  }

  #plan({ stream, events }: DecodedCommit): void {
    for (const event of events) {
      const { app, group } =
        event.type === 'RolloutPlanned' ? event.plan : event.type === 'RequestRefused' ? event : NOWHERE;
      if (app === undefined || group === undefined || app + group === '') continue;
      this.#rollouts.set(idOf(stream), { app, group });
      this.#apps.set(group, app);
    }
  }

  /** Of any stream; empty where it is of no app and no group. */
  of(stream: string): Belonging {
    const id = idOf(stream);
    const known = this.#rollouts.get(id);
    if (known !== undefined) return known;
    if (!id.startsWith('g') || shardOfId(id) === undefined) return NOWHERE;
    const group = decodeToken(id.slice(4));
    return { app: this.#apps.get(group) ?? '', group };
  }
}

const idOf = (stream: string): string => stream.slice(stream.indexOf('.') + 1);

/** The events of a commit that the filter wants. Codes BAD_COMMIT and those of newer events. */
export function rowsOf(commit: AuditedCommit, filter: ExportFilter, belongings: Belongings): readonly EventRow[] {
  const decoded = decodeCommit(commit.bytes);
  const { at, stream, rev, id } = decoded;
  const { app, group } = belongings.of(stream);
  if (!isWithin(at, filter) || !isOf({ app, group }, filter)) return [];
  const common = { position: commit.position, stream, rev, at, app, group, rollout: rolloutOf(stream), commit: id };
  const rows: EventRow[] = [];
  for (const [i, { type, ...data }] of decoded.events.entries()) {
    const { by, cause, corr } = decoded.meta[i] ?? NOBODY;
    const row = { ...common, event: i, type, actor: by.id, actorKind: by.kind, cause, corr, data };
    if (isBy(row, filter)) rows.push(row);
  }
  return rows;
}

const isWithin = (at: number, { since = -Infinity, until = Infinity }: ExportFilter): boolean =>
  at >= since && at < until;

const isOf = ({ app, group }: Belonging, filter: ExportFilter): boolean =>
  (filter.app ?? app) === app && (filter.group ?? group) === group;

const isBy = ({ actor, actorKind }: EventRow, { actor: wanted }: ExportFilter): boolean =>
  wanted === undefined || wanted === actor || wanted === `${actorKind}:${actor}`;

function rolloutOf(stream: string): string {
  const id = idOf(stream);
  return isRolloutId(id) ? id : '';
}
