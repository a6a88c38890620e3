import type { IncomingMessage, ServerResponse } from 'node:http';

import { parseDuration } from '@sluice/kernel';

import type { Access } from '../access/access.js';
import type { Principal } from '../access/principal.js';
import type { RateLimit } from '../access/rate-limit.js';
import { type DesiredState, LONGEST_WAIT_MS, type Question } from './desired-state.js';
import { DEFAULT_FLEET } from './fleets.js';

export const DESIRED_STATE = '/v1/desired-state/';
export const DESIRED_STATE_ROUTE = `${DESIRED_STATE}:host`;
export const DESIRED_STATE_OPERATION = 'getDesiredState';

export interface FastPathParts {
  readonly desired: DesiredState;
  readonly access: Pick<Access, 'identify' | 'check'>;
  readonly polls: RateLimit;
  /** Told of each answer: status and ms. */
  readonly answered?: (status: number, ms: number) => void;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Answers the question that each host of a fleet asks all the time before the framework sees it, by the same rules who
 * may ask. Whatever is not the usual case (no token, a host that is new, an explanation, too many calls) goes on to
 * `next`, which finds it as if nobody had looked.
 */
export function withFastPath(parts: FastPathParts, next: Listener): Listener {
  const seen: Seen = {};
  const isOurs = (request: IncomingMessage): boolean => isAllowed(parts, request, seen);
  return (request, response) => {
    if (!isAnswered(parts, request, response, isOurs)) next(request, response);
  };
}

function isAnswered(
  parts: FastPathParts,
  request: IncomingMessage,
  response: ServerResponse,
  isOurs: (request: IncomingMessage) => boolean,
): boolean {
  const { url = '', method, headers } = request;
  if (method !== 'GET' || !url.startsWith(DESIRED_STATE)) return false;
  const question = questionOf(url, headers);
  if (question === undefined || !isOurs(request)) return false;
  const start = performance.now();
  if (!parts.desired.tryAnswer(question, response)) return false;
  const { answered } = parts;
  // Who waits for a change is counted when it has come.
  if (answered === undefined) return true;
  if (response.writableEnded) answered(response.statusCode, performance.now() - start);
  else response.once('finish', () => answered(response.statusCode, performance.now() - start));
  return true;
}

/** Who was let in last. What a principal may do never changes: another grant makes another one. */
interface Seen {
  principal?: Principal;
}

function isAllowed({ access, polls }: FastPathParts, request: IncomingMessage, seen: Seen): boolean {
  try {
    const principal = access.identify({ headers: request.headers, raw: request }, request.socket.remoteAddress ?? '');
    if (principal !== seen.principal) access.check(principal, DESIRED_STATE_OPERATION, undefined);
    seen.principal = principal;
    return polls.take(principal.key) === 0;
  } catch {
    // Found out again on the usual way, which says why.
    return false;
  }
}

/** Undefined for what the usual way has to look at: another path, queries that are not known here. */
function questionOf(url: string, headers: IncomingMessage['headers']): Question | undefined {
  const mark = url.indexOf('?', DESIRED_STATE.length);
  const host = decoded(mark < 0 ? url.slice(DESIRED_STATE.length) : url.slice(DESIRED_STATE.length, mark));
  if (host === undefined || host === '') return undefined;
  if (mark < 0) return { fleet: DEFAULT_FLEET, host, waitMs: 0, headers };
  return asked(url.slice(mark + 1), { fleet: DEFAULT_FLEET, host, waitMs: 0, headers });
}

const KNOWN: ReadonlySet<string> = new Set(['fleet', 'role', 'wait']);

function asked(query: string, plain: Question): Question | undefined {
  const values = new Map<string, string>();
  for (const part of query.split('&')) {
    const equals = part.indexOf('=');
    const [name, value] = [part.slice(0, equals), decoded(part.slice(equals + 1))];
    if (value === undefined || value === '' || values.has(name) || !KNOWN.has(name)) return undefined;
    values.set(name, value);
  }
  const waitMs = waitOf(values.get('wait') ?? '0ms');
  if (waitMs === undefined) return undefined;
  return { ...plain, fleet: values.get('fleet') ?? plain.fleet, role: values.get('role'), waitMs };
}

function decoded(text: string): string | undefined {
  if (text.includes('/')) return undefined;
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'));
  } catch {
    return undefined;
  }
}

/** Undefined for what is no duration. */
export function waitOf(text: string): number | undefined {
  try {
    return Math.min(LONGEST_WAIT_MS, parseDuration(text));
  } catch {
    return undefined;
  }
}
