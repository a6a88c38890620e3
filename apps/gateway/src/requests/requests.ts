import { type Plan, type RequestOutcome, TRACE_HEADER } from '@sluice/contracts';
import { redeployRequest } from '@sluice/planning';

import type { Access } from '../access/access.js';
import { type Exchange, headerOf } from '../http/exchange.js';
import { actorOf, optionalKey, principalOf } from '../http/headers.js';
import { noGroup } from '../http/lookup.js';
import { refuse } from '../problems/problem.js';
import type { GroupCatalog } from '../read-model/group-catalog.js';
import type { RolloutIndex } from '../read-model/rollout-index.js';
import { type Document, documentOf, withRequester } from './document.js';
import { refused } from './refused.js';
import { keyedId, withKey } from './request-key.js';
import type { RequestPublisher } from './request-publisher.js';

/** `outcome` is missing while it is not known. */
export type Told = Pick<RequestOutcome, 'requestId'> & Partial<RequestOutcome>;

export interface RequestsParts {
  readonly publisher: RequestPublisher;
  readonly access: Access;
  readonly groups: Pick<GroupCatalog, 'candidates'>;
  readonly rollouts: Pick<RolloutIndex, 'stateOf'>;
  readonly newId: () => string;
}

interface RedeployBody {
  readonly version: string;
  readonly reason?: string | undefined;
}

/** Deploy requests over HTTP: who calls is who requests, under a key of their own if they send one. */
export class Requests {
  constructor(private readonly parts: RequestsParts) {}

  /** Codes beside the publisher's: BAD_DOCUMENT, NOT_YOU, FORBIDDEN, REQUEST_REFUSED with every fault. */
  create(body: unknown, request: Exchange): Promise<Told> {
    const document = this.documentOf(body, request, 'createRequest');
    return this.publish(withKey(document, optionalKey(request), actorOf(request)), request);
  }

  /** The document in the name of whoever calls, who must be allowed that in its group. */
  documentOf(body: unknown, request: Exchange, operation: string): Document {
    const document = documentOf(body);
    const principal = principalOf(request);
    const group = document['group'];
    this.parts.access.check(principal, operation, typeof group === 'string' ? group : '');
    return withRequester(document, actorOf(request), principal.mayActForOthers);
  }

  /** Codes beside the publisher's: NOT_FOUND, NO_CANDIDATE with those that there are, REQUEST_REFUSED. */
  async redeploy(group: string, { version, reason }: RedeployBody, request: Exchange): Promise<Told> {
    const plan = await this.planOf(group, version);
    const actor = actorOf(request);
    const key = optionalKey(request) ?? this.parts.newId();
    return this.publish({ ...redeployRequest(plan, { id: keyedId(key, actor), actor, reason }) }, request);
  }

  private async planOf(group: string, version: string): Promise<Plan> {
    const candidates = this.parts.groups.candidates(group);
    if (candidates === undefined) throw noGroup(group);
    const candidate = candidates.find((other) => other.version === version);
    const plan =
      candidate === undefined ? undefined : (await this.parts.rollouts.stateOf(candidate.rolloutId))?.state.plan;
    if (plan !== undefined) return plan;
    const versions = candidates.map((other) => other.version);
    const detail = `version ${version.slice(0, 60)} has not succeeded in ${group}, was long ago, or is blocked; possible: ${versions.join(', ') || 'none'}`;
    throw refuse('NO_CANDIDATE', detail, { status: 409, details: { candidates: versions } });
  }

  private async publish(document: Document, request: Exchange): Promise<Told> {
    const trace = headerOf(request, TRACE_HEADER);
    const { requestId, outcome } = await this.parts.publisher.publish(document, trace);
    if (outcome === undefined) return { requestId };
    if (outcome.outcome === 'refused') throw refused(outcome.faults ?? [], outcome.requestId);
    return outcome;
  }
}
