import {
  EMPTY_HEAD,
  type EventsOfWriter,
  groupStreamId,
  type GroupEvent,
  type MemberEntry,
  type PlanEvent,
  type PlanPreview,
  type RolloutEvent,
  shardOfId,
  type StreamName,
  type Writer,
} from '@sluice/contracts';
import { InMemoryEventLog } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';
import { createUlidMaker } from '@sluice/observability';

import type { DefinedMember } from '../inventory/definition.js';
import { InventoryStore } from '../inventory/store.js';
import { SAMPLE_REQUEST, toBytes } from '../request/samples.js';
import { LogGroupFacts } from './group-facts.js';
import { PlannerEngine } from './planner-engine.js';
import { RollbackPlanner } from './rollbacks.js';

/** The planner's parts on a log in memory; what other services write is written by hand. */
export class Rig {
  readonly log = new InMemoryEventLog();
  readonly inventory = new InventoryStore();
  time = 1_700_000_000_000;
  readonly clock: Clock = { now: () => this.time, schedule: () => () => undefined };
  readonly newId = createUlidMaker(() => this.time);
  readonly engine = this.another();
  readonly rollbacks = new RollbackPlanner(this.parts());

  parts() {
    const { log, clock, newId, inventory } = this;
    return { log, clock, newId, inventory, groups: new LogGroupFacts(log) };
  }

  /** A second planner on the same log. */
  another(): PlannerEngine {
    return new PlannerEngine(this.parts());
  }

  define(
    members: readonly DefinedMember[],
    environment: 'production' | 'test' = 'production',
    group = 'shop-web',
  ): void {
    const profile = { kind: 'process', command: ['node', 'server.js'], stopGraceMs: 1_000 } as const;
    const entry = { name: group, app: 'shop', environment, profile };
    this.inventory.define('api', { group: entry, members, version: undefined }, 'replace', this.time);
  }

  /** Two hosts of one kind of machine and one of another, which has a profile of its own. */
  mixed(): void {
    const profile = { kind: 'process', command: ['node', 'server.js'], stopGraceMs: 1_000 } as const;
    const arm = { ...profile, command: ['node-arm', 'server.js'] };
    const profiles = [{ labels: { arch: 'arm' }, profile: arm }];
    const group = { name: 'shop-web', app: 'shop', environment: 'test', profile, profiles } as const;
    const members = [{ host: 'web-1' }, { host: 'web-2', labels: { arch: 'arm' } }, { host: 'web-3' }];
    this.inventory.define('api', { group, members, version: undefined }, 'replace', this.time);
  }

  hosts(n: number): void {
    this.define(Array.from({ length: n }, (_, i) => ({ host: `web-${String(i + 1).padStart(6, '0')}` })));
  }

  submit(request: object = {}, subjectApp?: string) {
    return this.engine.submit(toBytes({ ...SAMPLE_REQUEST, ...request }), subjectApp);
  }

  async preview(request: object = {}): Promise<PlanPreview> {
    const previewed = await this.engine.preview({ ...SAMPLE_REQUEST, ...request });
    if (!previewed.ok) throw new Error(JSON.stringify(previewed.faults));
    return previewed.preview;
  }

  async write<W extends Writer>(writer: W, id: string, ...events: readonly EventsOfWriter[W][]): Promise<void> {
    const stream: StreamName = { shard: shardOfId(id) ?? '00', writer, id };
    const head = (await this.log.last(stream))?.head ?? EMPTY_HEAD;
    const meta = { by: { id: 'ana', kind: 'user' as const }, cause: 'command-1', corr: 'request-1' };
    await this.log.append(stream, head, {
      id: this.newId(),
      at: this.time,
      events: events.map((event) => ({ event, meta })),
    });
  }

  group(event: GroupEvent, group = 'shop-web'): Promise<void> {
    return this.write('group', groupStreamId(group), event);
  }

  exec(rolloutId: string, event: RolloutEvent): Promise<void> {
    return this.write('exec', rolloutId, event);
  }

  async plans(id: string): Promise<readonly PlanEvent[]> {
    const events: PlanEvent[] = [];
    for await (const commit of this.log.read({ shard: shardOfId(id) ?? '00', writer: 'plan', id }))
      events.push(...commit.events);
    return events;
  }

  hear(
    host: string,
    facts: Partial<Pick<MemberEntry, 'running' | 'serving'>>,
    labels: Readonly<Record<string, string>> = {},
  ): void {
    const app = {
      app: 'shop',
      group: 'shop-web',
      running: '1.0.0',
      serving: true,
      processStartedAt: null,
      endpoint: null,
      localVersions: [],
      ...facts,
    };
    this.inventory.hear(
      {
        v: 1,
        host,
        at: 1,
        agent: { version: '1', startedAt: 1 },
        labels,
        apps: [{ ...app, running: app.running }],
      },
      this.time,
    );
  }
}
