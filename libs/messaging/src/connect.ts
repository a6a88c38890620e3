import type { NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { messageOf, SluiceError } from '@sluice/kernel';

import { isConnectionOver, translateNatsError } from './nats-errors.js';
import { type Log, silentLog } from './running-service.js';

/** Who this process is on the bus. */
export interface NatsLogin {
  readonly user: string;
  readonly password: string;
}

/** What the client wants of a login; nothing without one. */
export const userOf = (login?: NatsLogin): { readonly user?: string; readonly pass?: string } =>
  login === undefined ? {} : { user: login.user, pass: login.password };

/** The login in `user:password`; none in the empty text. */
export function loginOf(credentials: string): { readonly login?: NatsLogin } {
  const [, user, password] = /^([^:]+):(.+)$/.exec(credentials) ?? [];
  return user === undefined || password === undefined ? {} : { login: { user, password } };
}

export interface ConnectNatsOptions {
  /** `nats://host:port`, several separated by commas. */
  readonly servers: string;
  /** Nobody in particular when absent. */
  readonly login?: NatsLogin;
  /** Shown in the server's list of connections. */
  readonly name: string;
  /** How long the first connection is tried, in ms; 30 s when absent. */
  readonly waitMs?: number;
  readonly log?: Log;
}

const RETRY_MS = 250;
const ATTEMPT_MS = 2_000;

/**
 * A connection that reconnects without end and tells `log` when it went and came back. The first one is tried for
 * `waitMs`: code NATS_UNAVAILABLE after that, NATS_FORBIDDEN at once when the server refuses the credentials.
 */
export async function connectNats(options: ConnectNatsOptions): Promise<NatsConnection> {
  const { servers, name, login, waitMs = 30_000, log = silentLog } = options;
  const deadline = Date.now() + waitMs;
  for (;;) {
    try {
      const nats = await connect({
        servers: servers.split(','),
        name,
        ...userOf(login),
        timeout: ATTEMPT_MS,
        maxReconnectAttempts: -1,
        reconnectTimeWait: RETRY_MS,
        reconnectJitter: RETRY_MS,
        pingInterval: 10_000,
        maxPingOut: 2,
        // A stack trace per request, for errors that hardly ever happen, costs more than the request itself.
        noAsyncTraces: true,
      });
      void watch(nats, log);
      return nats;
    } catch (error) {
      if (isConnectionOver(error)) throw translateNatsError(error, 'connect to NATS');
      if (Date.now() + RETRY_MS > deadline) throw unreachable(servers, waitMs, error);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function unreachable(servers: string, waitMs: number, cause: unknown): SluiceError {
  const message = `no NATS server answered at ${servers} for ${waitMs} ms (${messageOf(cause)}): start one, or set SLUICE_NATS_URL to where it listens`;
  return new SluiceError('NATS_UNAVAILABLE', message, { waitMs }, { cause });
}

async function watch(nats: NatsConnection, log: Log): Promise<void> {
  for await (const status of nats.status()) {
    switch (status.type) {
      case 'disconnect':
        log.warn({ server: status.server }, 'the connection to NATS is lost; reconnecting');
        break;
      case 'reconnect':
        log.info({ server: status.server }, 'connected to NATS again');
        break;
      case 'error':
        log.error({ reason: messageOf(status.error) }, 'NATS reported an error');
        break;
      case 'ldm':
        log.warn({ server: status.server }, 'the NATS server is about to stop');
        break;
      case 'slowConsumer':
        log.warn({ pending: status.pending }, 'a subscription is read too slowly');
        break;
      default:
        log.debug({ status: status.type }, 'state of the connection to NATS');
    }
  }
}
