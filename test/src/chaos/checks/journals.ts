import { existsSync, readFileSync } from 'node:fs';

import type { Unit } from '../world.js';
import { eventsOf, type Recorded } from './recorded-log.js';

/** What a look at the hosts needs of the world. */
export interface Fleet {
  /** How often each unit was killed. */
  readonly kills: ReadonlyMap<string, number>;
  of(kind: 'agent' | 'farm'): readonly Pick<Unit, 'name' | 'hosts'>[];
  readonly site: { path(...names: readonly string[]): string };
}

/** What all hosts say that they did. */
export interface Deeds {
  readonly faults: string[];
  runs: number;
  steps: number;
}

interface Line {
  readonly t: string;
  readonly attempt?: string;
  readonly step?: string;
  readonly report?: { readonly step: string };
  readonly run?: {
    readonly attempt: string;
    readonly rollout: string;
    readonly kind: string;
    readonly n: number;
  };
}

/** No step was done twice: by the journals of the agents, and by what their scripts left in the world. */
export function deedsOf(world: Fleet, log: readonly Recorded[]): Deeds {
  const deeds: Deeds = { faults: [], runs: 0, steps: 0 };
  const done = new Set<string>();
  for (const unit of [...world.of('agent'), ...world.of('farm')])
    for (const host of unit.hosts) readHost(world, unit, host, { deeds, done });
  inventedBy(log, done, deeds.faults);
  return deeds;
}

interface Told {
  readonly deeds: Deeds;
  /** `rollout host n step` of each step that ended. */
  readonly done: Set<string>;
}

function readHost(world: Fleet, { name }: Pick<Unit, 'name'>, host: string, told: Told): void {
  const records = journalOf(world, host);
  const runs = runsOf(host, records, told.deeds);
  const begun = new Map<string, number>();
  for (const { t, attempt = '', step = '', report } of records) {
    if (t === 'began') begun.set(`${attempt} ${step}`, (begun.get(`${attempt} ${step}`) ?? 0) + 1);
    if (t === 'done' && report !== undefined) isDone(`${runs.get(attempt)} ${report.step}`, told);
  }
  begunTwice(world, name, begun, told.deeds.faults);
  effects(world.site.path('hosts', host, 'apps', name, 'effects'), begun, told.deeds.faults);
}

function journalOf({ site }: Fleet, host: string): readonly Line[] {
  const path = site.path('hosts', host, 'journal.jsonl');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Line);
}

/** `rollout host n` of each attempt: one run of a kind for each. */
function runsOf(host: string, records: readonly Line[], deeds: Deeds): ReadonlyMap<string, string> {
  const runs = new Map<string, string>();
  const keys = new Set<string>();
  for (const { run } of records) {
    if (run === undefined) continue;
    deeds.runs += 1;
    const { attempt, rollout, kind, n } = run;
    const key = `${rollout} ${host} ${kind} ${n}`;
    if (keys.has(key)) deeds.faults.push(`journal: ${key} was begun twice`);
    keys.add(key);
    // A canary is enabled by a run of its own with the same number.
    runs.set(attempt, `${rollout} ${host} ${n}`);
  }
  return runs;
}

function isDone(key: string, { deeds, done }: Told): void {
  deeds.steps += 1;
  if (done.has(key)) deeds.faults.push(`journal: ${key} was done twice`);
  done.add(key);
}

/** A step is begun again only by an agent that was killed in it. */
function begunTwice(world: Fleet, unit: string, begun: ReadonlyMap<string, number>, faults: string[]): void {
  const kills = world.kills.get(unit) ?? 0;
  const again = [...begun].reduce((sum, [, count]) => sum + count - 1, 0);
  for (const [key, count] of begun) if (count > 1 + kills) faults.push(`journal: ${key} was begun ${count} times`);
  if (again > 0 && kills === 0) faults.push(`journal: ${again} steps were begun again at ${unit}, which nobody killed`);
}

/** What the scripts did is no more than what the journal says was begun. */
function effects(path: string, begun: ReadonlyMap<string, number>, faults: string[]): void {
  if (!existsSync(path)) return;
  const seen = new Map<string, number>();
  for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1)) seen.set(line, (seen.get(line) ?? 0) + 1);
  for (const [key, count] of seen)
    if (count > (begun.get(key) ?? 0))
      faults.push(`${path}: ${key} was done ${count} times, begun ${begun.get(key) ?? 0}`);
}

/** The log says of each step once that it succeeded, and of none that its host did not do. */
function inventedBy(log: readonly Recorded[], done: ReadonlySet<string>, faults: string[]): void {
  const hosts = new Map<string, string>();
  const said = new Set<string>();
  for (const { event, stream } of eventsOf(log)) {
    if (event.type === 'PlanTargetsAdded')
      event.targets.forEach(({ host }, i) => hosts.set(`${stream.id} ${event.from + i}`, host));
    if (event.type !== 'StepSucceeded') continue;
    const host = hosts.get(`${stream.id} ${event.target}`);
    const key = `${stream.id} ${host} ${event.n} ${event.step}`;
    if (said.has(key)) faults.push(`log: ${key} succeeded twice`);
    said.add(key);
    if (host !== undefined && !done.has(key)) faults.push(`log: ${key} succeeded, but the host did not do it`);
  }
}
