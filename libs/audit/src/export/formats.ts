import { parquetWriteBuffer } from 'hyparquet-writer';

import type { EventRow } from './rows.js';
import { ocsfOf } from './ocsf.js';

export const EXPORT_FORMATS = ['jsonl', 'csv', 'parquet', 'ocsf', 'commits'] as const;

/**
 * `jsonl`, `csv`, `parquet` and `ocsf` hold a row for each event; `commits` the raw commits that hold such an event,
 * which can be verified as a log when everything is exported.
 */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** How rows become the bytes of a file. */
export interface Format {
  readonly extension: string;
  readonly begin: string;
  line(row: EventRow): string;
  /** Of formats that need all rows of a file at once. */
  readonly file?: (rows: readonly EventRow[]) => Uint8Array;
}

const COLUMNS = [
  ...['position', 'stream', 'rev', 'event', 'at', 'type', 'app', 'group', 'rollout'],
  ...['actor', 'actorKind', 'cause', 'corr', 'commit', 'data'],
] as const satisfies readonly string[];

const timeOf = (at: number): string => new Date(at).toISOString();

export const EVENT_FORMATS: Readonly<Record<Exclude<ExportFormat, 'commits'>, Format>> = {
  jsonl: {
    extension: 'events.jsonl',
    begin: '',
    line: (row) => `${JSON.stringify({ ...row, at: timeOf(row.at) })}\n`,
  },
  csv: {
    extension: 'csv',
    begin: `${COLUMNS.join(',')}\r\n`,
    line: (row) => `${csvCells(row).map(csvCell).join(',')}\r\n`,
  },
  ocsf: { extension: 'ocsf.jsonl', begin: '', line: (row) => `${JSON.stringify(ocsfOf(row))}\n` },
  parquet: { extension: 'parquet', begin: '', line: () => '', file: parquetOf },
};

const csvCells = (row: EventRow): readonly string[] => [
  ...[row.position, row.stream, row.rev, row.event, timeOf(row.at), row.type, row.app, row.group, row.rollout].map(
    String,
  ),
  ...[row.actor, row.actorKind, row.cause, row.corr, row.commit, JSON.stringify(row.data)],
];

/** What a spreadsheet takes for a formula, also in full width. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** A cell of RFC 4180. One that a spreadsheet would compute is text: a quote stands before it. */
export function csvCell(value: string): string {
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const ROW_GROUP = 10_000;

function parquetOf(rows: readonly EventRow[]): Uint8Array {
  const texts = ['type', 'app', 'group', 'rollout', 'actor', 'actorKind', 'cause', 'corr', 'commit'] as const;
  const numbers = ['rev', 'event'] as const;
  const columnData = [
    { name: 'position', type: 'INT64' as const, nullable: false, data: rows.map(({ position }) => BigInt(position)) },
    { name: 'stream', type: 'STRING' as const, nullable: false, data: rows.map(({ stream }) => stream) },
    ...numbers.map((name) => ({
      ...{ name, type: 'INT64' as const, nullable: false },
      data: rows.map((row) => BigInt(row[name])),
    })),
    { name: 'at', type: 'TIMESTAMP' as const, nullable: false, data: rows.map(({ at }) => new Date(at)) },
    ...texts.map((name) => ({ name, type: 'STRING' as const, nullable: false, data: rows.map((row) => row[name]) })),
    { name: 'data', type: 'JSON' as const, nullable: false, data: rows.map(({ data }) => data) },
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: ROW_GROUP, createdBy: 'sluice audit export' }));
}
