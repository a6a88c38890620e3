import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { decodeCommit } from '@sluice/contracts';
import { parquetReadObjects } from 'hyparquet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { exportedFrom } from '../export-lines.js';
import { sourceOf } from '../log.suite.js';
import type { AuditedCommit } from '../source.js';
import { verifyLog } from '../verify.js';
import { exportLog, type ExportOptions } from './export.js';
import { csvCell } from './formats.js';
import { verifyExports } from './manifest.js';

const GOLDEN = new URL('../../fixtures/0.1.0/C8-1.jsonl.gz', import.meta.url);

describe('an export', () => {
  let folder: string;
  let commits: AuditedCommit[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice export '));
    commits = [];
    for await (const commit of exportedFrom(gunzipSync(await readFile(GOLDEN)))) commits.push(commit);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const exported = (options: Partial<ExportOptions> = {}) =>
    exportLog(() => sourceOf(commits), { folder, format: 'jsonl', filter: {}, at: 1_767_225_600_000, ...options });
  const textOf = async (suffix: string): Promise<string> => {
    const names = (await readdir(folder)).filter((name) => name.endsWith(suffix)).toSorted();
    return (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).join('');
  };
  const rowsIn = async (): Promise<readonly Record<string, unknown>[]> =>
    (await textOf('.events.jsonl'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const events = () => commits.flatMap(({ bytes }) => decodeCommit(bytes).events);

  it('of commits is a log that verifies, in files of a bounded size', async () => {
    const { manifest } = await exported({ format: 'commits', rowsPerPart: 10 });
    expect(manifest.parts.map(({ rows }) => rows)).toEqual([10, 10, 6]);
    const report = await verifyLog(exportedFrom(Buffer.from(await textOf('.commits.jsonl'))), { tree: true });
    expect(report.findings).toEqual([]);
    expect(report.tree).toEqual({ size: manifest.log.commits, root: manifest.log.root });
  });

  it('of events tells of each what it is, whose, when, and of which app and group', async () => {
    await exported();
    const rows = await rowsIn();
    expect(rows.map(({ type }) => type)).toEqual(events().map(({ type }) => type));
    expect(new Set(rows.map(({ app, group }) => `${String(app)}/${String(group)}`))).toEqual(
      new Set(['shop/shop-prod']),
    );
    expect(rows[0]).toMatchObject({ position: 1, rev: 1, event: 0, actor: 'planner', actorKind: 'service' });
    expect(rows[0]).toMatchObject({ at: '2026-01-01T00:00:00.000Z', type: 'PlanTargetsAdded', data: { from: 0 } });
  });

  it('filters by time, app, group and actor, exactly', async () => {
    await exported();
    const all = await rowsIn();
    const [middle = 0] = all.slice(all.length / 2).map(({ at }) => Date.parse(String(at)));
    const count = async (filter: ExportOptions['filter']): Promise<number> =>
      (await exported({ filter })).manifest.rows;
    const before = await count({ until: middle });
    const after = await count({ since: middle });
    expect(before).toBe(all.filter(({ at }) => Date.parse(String(at)) < middle).length);
    expect(before + after).toBe(all.length);
    const byExecutor = all.filter(({ actor }) => actor === 'executor').length;
    expect(byExecutor).toBeGreaterThan(0);
    expect(await count({ actor: 'executor' })).toBe(byExecutor);
    expect(await count({ actor: 'user:executor' })).toBe(0);
    expect(await count({ app: 'shop', group: 'shop-prod' })).toBe(all.length);
    expect(await count({ app: 'shop', group: 'shop' })).toBe(0);
  });

  it('has a chain of manifests: a changed, missing or swapped file is found', async () => {
    await exported();
    await exported({ format: 'csv' });
    expect(await verifyExports(folder)).toMatchObject({ exports: 2, parts: 2, faults: [] });
    const csv = join(folder, '000002-0001.csv');
    await writeFile(csv, (await readFile(csv, 'utf8')).replace('executor', 'executer'));
    expect((await verifyExports(folder)).faults).toEqual(['000002-0001.csv is not what was exported']);
    await rm(csv);
    expect((await verifyExports(folder)).faults[0]).toContain('000002-0001.csv cannot be read');
    const first = join(folder, '000001.manifest.json');
    await writeFile(first, (await readFile(first, 'utf8')).replace('"rows"', '"rows" '));
    expect((await verifyExports(folder)).faults).toContain(
      '000002.manifest.json does not follow the manifest before it',
    );
  });

  it('of CSV is a table that no spreadsheet computes', async () => {
    await exported({ format: 'csv' });
    const lines = (await textOf('.csv')).split('\r\n');
    expect(lines[0]).toBe('position,stream,rev,event,at,type,app,group,rollout,actor,actorKind,cause,corr,commit,data');
    expect(lines).toHaveLength(events().length + 2);
    expect(lines[1]).toContain('"{""from"":0,');
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\tx', "'\tx"],
    ['\rx', `"'\rx"`],
    ['＝1', "'＝1"],
    ['a=1', 'a=1'],
    ['a,"b"\n', '"a,""b""\n"'],
    ['', ''],
  ])('writes the cell %j as %j', (value, cell) => {
    expect(csvCell(value)).toBe(cell);
  });

  it('of Parquet is read by another implementation', async () => {
    await exported({ format: 'parquet' });
    const bytes = await readFile(join(folder, '000001-0001.parquet'));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    const rows = (await parquetReadObjects({ file })) as readonly Record<string, unknown>[];
    expect(rows.map(({ type }) => type)).toEqual(events().map(({ type }) => type));
    expect(rows[0]).toMatchObject({ position: 1n, at: new Date(1_767_225_600_000), group: 'shop-prod' });
    expect(rows[0]?.['data']).toMatchObject({ from: 0 });
  });

  it('of OCSF is API activity with who, what and on what', async () => {
    await exported({ format: 'ocsf' });
    const [first] = (await textOf('.ocsf.jsonl')).split('\n');
    expect(JSON.parse(first ?? '')).toMatchObject({
      ...{ class_uid: 6003, category_uid: 6, activity_id: 1, type_uid: 600301, time: 1_767_225_600_000 },
      metadata: { version: '1.4.0', event_code: 'PlanTargetsAdded', sequence: 1 },
      actor: { user: { name: 'planner', type_id: 3 } },
      api: { operation: 'PlanTargetsAdded' },
    });
  });
});
