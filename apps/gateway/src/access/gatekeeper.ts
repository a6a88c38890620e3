import { isRolloutId } from '@sluice/contracts';
import type { Logger } from '@sluice/observability';

import type { Exchange, Reply } from '../http/exchange.js';
import { sendProblem } from '../problems/filter.js';
import { problemOf, problemOfError, refuse } from '../problems/problem.js';
import type { GroupCatalog } from '../read-model/group-catalog.js';
import type { RolloutHistory } from '../read-model/rollout-history.js';
import type { Access } from './access.js';
import { PERMISSIONS, POLLED, PUBLIC } from './permissions.js';
import type { Principal } from './principal.js';
import type { RateLimit } from './rate-limit.js';
import type { Reads } from './reads.js';

export interface GatekeeperParts {
  readonly access: Access;
  readonly rates: RateLimit;
  /** Of operations that applications poll. */
  readonly polls: RateLimit;
  readonly history: Pick<RolloutHistory, 'groupOf'>;
  readonly groups: Pick<GroupCatalog, 'has'>;
  readonly logger: Logger;
  readonly reads: Pick<Reads, 'record'>;
  /** `GET /v1/rollouts/:id` -> operationId, from the OpenAPI document. */
  readonly operations: ReadonlyMap<string, string>;
}

const MAX_SUBJECT = 200;
/** What nobody knows is one subject: made up names must not fill the stream of records, without which nobody is told anything. */
const NOT_THERE = 'what is not there';

/** What is used of a Fastify request before Nest sees it. */
interface Guarded extends Exchange {
  readonly method: string;
  readonly ip: string;
  readonly is404: boolean;
  readonly params: unknown;
  /** The route that will answer: its address with `:id`. */
  readonly routeOptions: { readonly url?: string | undefined };
  principal?: Principal;
}

type Hook = (request: Guarded, reply: Reply) => Promise<unknown>;

/** Before anything of a body is read: who calls, how often, and whether they may. */
export const guard =
  (parts: GatekeeperParts): Hook =>
  async (request, reply) => {
    try {
      await admit(request, parts);
      return undefined;
    } catch (error) {
      const problem = problemOfError(error);
      if (problem === undefined) parts.logger.error({ err: error }, 'the access check failed: refused');
      sendProblem(reply, problem ?? problemOf('INTERNAL', 'this is a fault of Sluice: the gateway logged it'));
      return reply;
    }
  };

async function admit(request: Guarded, parts: GatekeeperParts): Promise<void> {
  const operation = operationOf(request, parts.operations);
  if (operation !== undefined && PUBLIC.has(operation)) return;
  if (operation === undefined && isDocumentation(request)) {
    assertNotTooMany(parts.rates.take(`address ${request.ip}`));
    return;
  }
  const rates = operation !== undefined && POLLED.has(operation) ? parts.polls : parts.rates;
  const principal = limited(request, parts.access, rates);
  request.principal = principal;
  // Nothing is there: it answers 404 to whoever has a token.
  if (request.is404) return;
  if (operation === undefined) throw refuse('FORBIDDEN', 'this route has no rule who may use it: nobody may');
  const group = await groupOf(request, operation, parts);
  parts.access.check(principal, operation, group);
  const subject = isThere(operation, group, parts) ? subjectOf(request) : NOT_THERE;
  await parts.reads.record(principal, operation, subject);
}

function isThere(operation: string, group: string | undefined, { groups }: GatekeeperParts): boolean {
  const scope = PERMISSIONS[operation]?.scope;
  if (scope === 'group') return group !== undefined && groups.has(group);
  return scope !== 'rollout' || group !== undefined;
}

/** The rollout or the group that is read. */
function subjectOf(request: Guarded): string | undefined {
  const { id, name } = request.params as { readonly id?: string; readonly name?: string };
  return (id ?? name)?.slice(0, MAX_SUBJECT);
}

/** Who cannot be identified is counted by address, everybody else by token. */
function limited(request: Guarded, access: Access, rates: RateLimit): Principal {
  let caller = `address ${request.ip}`;
  try {
    const principal = access.identify(request, request.ip);
    caller = principal.key;
    return principal;
  } finally {
    // A throw here stands in for a 401: who has no token learns that it called too often instead.
    assertNotTooMany(rates.take(caller));
  }
}

function assertNotTooMany(waitS: number): void {
  if (waitS === 0) return;
  const detail = `too many calls: try again in ${waitS} s`;
  throw refuse('TOO_MANY_CALLS', detail, { status: 429, details: { retryAfter: waitS } });
}

function operationOf(request: Guarded, operations: ReadonlyMap<string, string>): string | undefined {
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  return operations.get(`${method} ${request.routeOptions.url ?? ''}`);
}

const isDocumentation = (request: Guarded): boolean => /^\/docs(?:[-/]|$)/.test(request.routeOptions.url ?? '');

async function groupOf(request: Guarded, operation: string, { history }: GatekeeperParts): Promise<string | undefined> {
  const { id, name } = request.params as { readonly id?: string; readonly name?: string };
  const scope = PERMISSIONS[operation]?.scope;
  if (scope === 'group') return name;
  if (scope !== 'rollout' || id === undefined || !isRolloutId(id)) return undefined;
  return history.groupOf(id);
}
