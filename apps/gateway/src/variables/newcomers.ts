import {
  type CommandEnvelope,
  type CommandResult,
  FLEET_BATCH,
  type FleetCommand,
  rosterStreamId,
  type Shard,
  shardOfGroup,
  variableStreamId,
} from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { type Actor, type Clock, messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/observability';

import type { FleetView } from './fleet-view.js';

const GATHER_MS = 20;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** Hosts that wait to be told of, of all fleets. One more is answered by the rule, and told of when it asks again. */
export const MAX_NEWCOMERS = 10_000;
/** How long an answer waits for the values that were recorded. */
const ANSWER_MS = 2_000;

const GATEWAY: Actor = { id: 'gateway', kind: 'service' };

export interface NewcomersParts {
  readonly log: Pick<EventLog, 'last'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  /** To the owner of the shard. Throws when nobody took it. */
  readonly send: (shard: Shard, envelope: CommandEnvelope<FleetCommand>) => Promise<CommandResult>;
}

type Joining = Extract<FleetCommand, { readonly type: 'join' }>['hosts'][number];

interface Newcomer {
  role: string;
  /** Answers that wait for its first values. */
  readonly told: Set<() => void>;
}

interface Gathered {
  readonly view: FleetView;
  readonly hosts: Map<string, Newcomer>;
  isBusy: boolean;
  pauseMs: number;
}

/**
 * Hosts that nobody had heard of, told of to the executor: gathered for a moment, many in one command, one command a
 * fleet at a time. While nobody takes it, it is said again later; the hosts have their answers meanwhile.
 */
export class Newcomers {
  private readonly fleets = new Map<string, Gathered>();
  private readonly timers = new Set<() => void>();
  private waiting = 0;
  private stopped = false;

  constructor(private readonly parts: NewcomersParts) {}

  get count(): number {
    return this.waiting;
  }

  /** Resolves when its first values were read from the log, or nobody took it, or after a bound. */
  async join(view: FleetView, host: string, role: string): Promise<void> {
    const newcomer = this.enrol(view, host, role);
    // Nobody took the last ones: there is nothing to wait for.
    if (newcomer === undefined || this.gatheredOf(view).pauseMs > 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.parts.clock.schedule(ANSWER_MS, () => done());
      const done = (): void => {
        cancel();
        newcomer.told.delete(done);
        resolve();
      };
      newcomer.told.add(done);
    });
  }

  /** The same for who does not wait for it: a host that is back, or in another role. */
  note(view: FleetView, host: string, role: string): void {
    this.enrol(view, host, role);
  }

  stop(): void {
    this.stopped = true;
    for (const cancel of this.timers) cancel();
    for (const { hosts } of this.fleets.values()) answerAll(hosts.values());
  }

  /** Undefined when there is no room. */
  private enrol(view: FleetView, host: string, role: string): Newcomer | undefined {
    const gathered = this.gatheredOf(view);
    const known = gathered.hosts.get(host);
    if (known === undefined && (this.waiting >= MAX_NEWCOMERS || this.stopped)) return undefined;
    if (known === undefined) this.waiting += 1;
    const newcomer = known ?? { role, told: new Set() };
    newcomer.role = role;
    gathered.hosts.set(host, newcomer);
    if (!gathered.isBusy) this.flushAfter(gathered, GATHER_MS);
    return newcomer;
  }

  private gatheredOf(view: FleetView): Gathered {
    const known = this.fleets.get(view.name);
    if (known?.view === view) return known;
    if (known !== undefined) this.waiting -= known.hosts.size;
    const gathered: Gathered = { view, hosts: new Map(), isBusy: false, pauseMs: 0 };
    this.fleets.set(view.name, gathered);
    return gathered;
  }

  private flushAfter(gathered: Gathered, ms: number): void {
    gathered.isBusy = true;
    const cancel = this.parts.clock.schedule(ms, () => {
      this.timers.delete(cancel);
      void this.flush(gathered);
    });
    this.timers.add(cancel);
  }

  private async flush(gathered: Gathered): Promise<void> {
    const batch = [...gathered.hosts].slice(0, FLEET_BATCH);
    try {
      await this.tell(
        gathered.view,
        batch.map(([host, { role }]) => ({ host, role })),
      );
      gathered.pauseMs = 0;
      for (const [host] of batch)
        if (gathered.hosts.delete(host) && this.fleets.get(gathered.view.name) === gathered) this.waiting -= 1;
      answerAll(batch.map(([, newcomer]) => newcomer));
    } catch (error) {
      gathered.pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, gathered.pauseMs * 2));
      this.parts.logger.warn(
        { fleet: gathered.view.name, reason: messageOf(error) },
        'hosts that joined were not recorded: they have their answers, and are told of again later',
      );
      answerAll(gathered.hosts.values());
    }
    gathered.isBusy = false;
    if (gathered.hosts.size > 0 && !this.stopped) this.flushAfter(gathered, Math.max(GATHER_MS, gathered.pauseMs));
  }

  private async tell(view: FleetView, hosts: readonly Joining[]): Promise<void> {
    const answer = await this.parts.send(shardOfGroup(view.name), {
      v: 1,
      id: this.parts.newId(),
      target: view.name,
      command: { type: 'join', hosts },
      actor: GATEWAY,
      reason: 'asked for its desired state',
    });
    if (!answer.ok) throw new Error(`${answer.code}: ${answer.message}`);
    await this.readUpTo(view);
  }

  /** Until what stands in the log now of the fleet was folded here, within a bound. */
  private async readUpTo(view: FleetView): Promise<void> {
    const { log } = this.parts;
    const shard = shardOfGroup(view.name);
    const ids = view.variables.map(({ spec }) => [spec.name, variableStreamId(view.name, spec.name)] as const);
    const streams = [['', rosterStreamId(view.name)] as const, ...ids];
    const heads = await Promise.all(
      streams.map(async ([name, id]) => {
        const last = await log.last({ shard, writer: 'variable', id });
        return [name, last?.head.rev ?? 0] as const;
      }),
    );
    await this.until(view, () => heads.every(([name, rev]) => view.revOf(name) >= rev));
  }

  private until(view: FleetView, isThere: () => boolean): Promise<void> {
    if (isThere()) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        off();
        cancel();
        resolve();
      };
      const off = view.onCommit(() => isThere() && end());
      const cancel = this.parts.clock.schedule(ANSWER_MS, end);
    });
  }
}

function answerAll(newcomers: Iterable<Newcomer>): void {
  for (const { told } of newcomers) for (const done of [...told]) done();
}
