import {
  canonicalJson,
  type DeployRequest,
  type MemberEntry,
  type PlanSideService,
  rolloutIdOf,
  type ServiceCapacity,
  shardOfGroup,
} from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';

import { EXECUTOR } from '../actors/rollout-actor.js';
import type { CapacityAdapter } from './capacity.js';
import type { GroupMembers } from './members.js';
import { refused } from './names.js';
import type { SidePlace, WantedCapacity } from './ports.js';

/** What became of a request; undefined when nobody has said so within a moment: it waits in the queue then. */
export interface Taken {
  readonly outcome: 'planned' | 'duplicate' | 'refused';
  readonly words: string;
}

/** Where deploy requests go. Resolves when the request is kept. Rejects when it cannot be. */
export interface RequestQueue {
  publish(request: DeployRequest, id: string): Promise<Taken | undefined>;
}

/** The inventory tells each 30 s that a host was heard, and a host is silent after 60 s. */
const FRESH_MS = 90_000;
/** Requests that are known to be planned. */
const MAX_KNOWN = 1_000;

/**
 * Sides whose services are groups of hosts with agents. A side is scaled by an ordinary deployment of each service to
 * its group on that side, where no traffic goes yet: each is a rollout of its own, with its budget and its brake.
 */
export class AgentsCapacity implements CapacityAdapter {
  /** Names of requests of which the log holds the plan: nothing makes that untrue. */
  private readonly planned = new Set<string>();

  constructor(
    private readonly members: GroupMembers,
    private readonly queue: RequestQueue,
    private readonly log: Pick<EventLog, 'last'>,
    private readonly clock: Clock,
  ) {}

  look(place: SidePlace): Promise<readonly ServiceCapacity[]> {
    return Promise.all(place.services.map((service) => this.lookAt(place, service)));
  }

  async scale(place: SidePlace, wanted: readonly WantedCapacity[]): Promise<void> {
    for (const service of place.services) {
      const desired = wanted.find((one) => one.service === service.name)?.desired ?? 0;
      if ((await this.lookAt(place, service)).desired >= desired) continue;
      const id = requestIdOf(place, service);
      const taken = await this.queue.publish(requestOf(place, service, id), id);
      if (taken?.outcome === 'refused') throw refused(`the deployment of ${service.name} is refused: ${taken.words}`);
    }
  }

  /** Nobody but a person ends processes that a rollback may need. */
  retire({ side, services }: SidePlace): Promise<string> {
    const groups = services.map((service) => groupOf({ side }, service)).join(', ');
    return Promise.resolve(`its processes run on without traffic, in ${groups}: the next version is deployed there`);
  }

  private async lookAt(place: SidePlace, service: PlanSideService): Promise<ServiceCapacity> {
    const members = (await this.members.membersOf(groupOf(place, service))).filter(({ down }) => down !== true);
    const created = members.filter((member) => isCreated(place, member));
    const heardSince = this.clock.now() - FRESH_MS;
    const isReady = ({ serving = false, lastSeen = 0 }: MemberEntry): boolean => serving && lastSeen >= heardSince;
    const isAsked = place.role === 'old' || created.length === members.length || (await this.isPlanned(place, service));
    return {
      service: service.name,
      desired: isAsked ? members.length : 0,
      created: created.length,
      ready: created.filter(isReady).length,
    };
  }

  /** The log tells whether its deployment was asked for, whoever did so. */
  private async isPlanned(place: SidePlace, service: PlanSideService): Promise<boolean> {
    const group = groupOf(place, service);
    const { app = place.app } = service;
    const id = rolloutIdOf(group, canonicalJson({ app, group, id: requestIdOf(place, service) }));
    if (this.planned.has(id)) return true;
    const last = await this.log.last({ shard: shardOfGroup(group), writer: 'plan', id });
    if (last?.events.some(({ type }) => type === 'RolloutPlanned') !== true) return false;
    this.planned.add(id);
    for (const oldest of this.planned) if (this.planned.size > MAX_KNOWN) this.planned.delete(oldest);
    return true;
  }
}

/** The same each time, so that a request that is said again is known. */
const requestIdOf = ({ rollout }: SidePlace, { name }: PlanSideService): string => `traffic-${rollout}-${name}`;

const isCreated = ({ role, version }: SidePlace, { running = null }: MemberEntry): boolean =>
  role === 'new' ? running === version : running !== null;

function groupOf({ side }: Pick<SidePlace, 'side'>, { name, groups }: PlanSideService): string {
  const group = groups?.[side];
  if (group !== undefined) return group;
  throw refused(`the service ${name} has no group on side ${side}: name it under "groups" in the inventory`);
}

function requestOf(place: SidePlace, service: PlanSideService, id: string): DeployRequest {
  const { app = place.app, artifact = place.artifact } = service;
  return {
    id,
    app,
    group: groupOf(place, service),
    version: place.version,
    artifact,
    strategy: 'rolling',
    requestedBy: EXECUTOR,
    reason: `side ${place.side} of ${place.group} gets ${place.version} before its traffic (${place.rollout})`,
  };
}
