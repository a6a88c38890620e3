import type { Msg, NatsConnection } from '@nats-io/nats-core';
import { SUBJECTS } from '@sluice/contracts';
import { type Clock, isSluiceError, messageOf } from '@sluice/kernel';

import { parseJson } from '../request-json.js';
import { type Log, type RunningService, silentLog } from '../running-service.js';
import { PerMinute } from './per-minute.js';
import { type AccessDraft, notRecorded, type Recorded, writeAccess } from './record-access.js';

export interface AccessServer {
  readonly nats: NatsConnection;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly log?: Log;
}

/** Set by the server of NATS for a request from another account (`share: true`), whatever the request itself says. */
const REQUEST_INFO = 'Nats-Request-Info';
const QUEUE = 'access';
const MAX_BYTES = 8 * 1024;
const MAX_AT_ONCE = 64;
/** Of each user: the stream takes no more when it is full, and then nobody is told anything. */
const MAX_A_MINUTE = 60;
const MAX_BY = 200;
const MAX_FORMAT = 40;
const CONTROL = /\p{Cc}/u;

/**
 * Writes down who asks for it: an auditor cannot write into the accounts of the services. His account and his user are
 * those that the server tells; the time is ours. Any of several that serve it takes a request, each so many of one user.
 */
export function serveAccess({ nats, clock, newId, log = silentLog }: AccessServer): RunningService {
  let underWay = 0;
  const perUser = new PerMinute(clock, MAX_A_MINUTE);
  const taken = async (message: Msg): Promise<Recorded> => {
    if (message.data.length > MAX_BYTES || underWay >= MAX_AT_ONCE) throw notRecorded('it is too much at once');
    const { server, ...draft } = draftOf(message);
    if (!perUser.take(`${server.account}/${server.user}`))
      throw notRecorded(`${server.user} has asked ${MAX_A_MINUTE} times within a minute: try again in a minute`);
    underWay += 1;
    try {
      return await writeAccess(nats, { ...draft, server, id: newId(), at: clock.now() });
    } finally {
      underWay -= 1;
    }
  };
  const subscription = nats.subscribe(SUBJECTS.accessRecord, {
    queue: QUEUE,
    callback: (refused, message) => {
      if (refused !== null) return log.error({ reason: refused.message }, 'a subscription failed');
      void taken(message).then(
        (recorded) => message.respond(JSON.stringify(recorded)),
        (error: unknown) => message.respond(JSON.stringify(refusalOf(error, log))),
      );
    },
  });
  return { name: 'access', stop: () => subscription.drain().catch(() => subscription.unsubscribe()) };
}

function refusalOf(error: unknown, log: Log): object {
  const reason = messageOf(error);
  log.warn({ reason }, 'a reader was refused, as it cannot be recorded');
  return { ok: false, code: isSluiceError(error) ? error.code : 'INTERNAL', message: reason, retry: true };
}

/** Codes ACCESS_NOT_RECORDED for what is no export of somebody whom the server knows. */
function draftOf(message: Msg): Omit<AccessDraft, 'id' | 'at'> & { readonly server: Asking } {
  const server = whoAsks(message);
  if (server === undefined) throw notRecorded('the server does not tell who asks (share: true in its accounts)');
  const { by, format, filter } = bodyOf(message);
  return { by, account: server.user, what: 'export', format, filter, server };
}

type Asking = NonNullable<AccessDraft['server']>;

function whoAsks({ headers }: Msg): Asking | undefined {
  const info = jsonOf(headers?.get(REQUEST_INFO) ?? '');
  const { acc, user, host } = info as { readonly acc?: unknown; readonly user?: unknown; readonly host?: unknown };
  if (typeof acc !== 'string' || typeof user !== 'string') return undefined;
  return { account: acc, user, ...(typeof host === 'string' ? { host } : {}) };
}

function bodyOf({ data }: Msg): { readonly by: string; readonly format: string; readonly filter: object } {
  const { by, format, filter } = bodyIn(data) as Partial<Record<'by' | 'format' | 'filter', unknown>>;
  if (typeof by !== 'string' || typeof format !== 'string') throw notRecorded('it does not say who reads what');
  if (!isName(by, MAX_BY) || !isName(format, MAX_FORMAT))
    throw notRecorded(`who reads has 1 to ${MAX_BY} characters, a format ${MAX_FORMAT}, and no control characters`);
  return { by, format, filter: typeof filter === 'object' && filter !== null ? filter : {} };
}

const isName = (text: string, most: number): boolean => text !== '' && text.length <= most && !CONTROL.test(text);

function bodyIn(data: Uint8Array): object {
  try {
    const value = parseJson(data);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // It is refused below.
  }
  return {};
}

function jsonOf(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
