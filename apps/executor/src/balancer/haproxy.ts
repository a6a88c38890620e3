import { isIP } from 'node:net';

import { SluiceError } from '@sluice/kernel';

import { DEPENDENCY_REFUSED } from '../dependency/breaker.js';
import { HAPROXY_NAME, rowsOf, unexpectedAnswer } from './haproxy-rows.js';
import { askHaproxy, type HaproxyAddress } from './haproxy-socket.js';
import type { BalancedServer, BalancerAdapter } from './ports.js';

/** Forced by somebody, in the bit field `srv_admin_state`: maintenance, drain. */
const MAINTENANCE = 0x01;
const DRAIN = 0x08;

interface ServerRow {
  readonly address: string;
  readonly port: number;
  readonly admin: number;
}

/**
 * HAProxy by its runtime API. The backend is the plan's; its server has the name of the host. What was set is read
 * back: HAProxy answers most mistakes in words, and a success by saying nothing.
 */
export class HaproxyBalancer implements BalancerAdapter {
  constructor(
    private readonly address: HaproxyAddress,
    private readonly ask: typeof askHaproxy = askHaproxy,
  ) {}

  async drain(server: BalancedServer): Promise<void> {
    await this.hold(server, 'drain', ({ admin }) => (admin & DRAIN) !== 0);
  }

  async enable(server: BalancedServer): Promise<void> {
    await this.hold(server, 'ready', ({ admin }) => (admin & (DRAIN | MAINTENANCE)) === 0);
  }

  async sessions(server: BalancedServer): Promise<number | undefined> {
    const { backend, name } = namesOf(server);
    const answer = await this.ask(this.address, `show stat ${backend} 4 -1`);
    const [head, ...rows] = answer.split('\n').map((line) => line.replace(/^# /, '').split(','));
    const [own, current] = [head?.indexOf('svname') ?? -1, head?.indexOf('scur') ?? -1];
    const row = own < 0 ? undefined : rows.find((fields) => fields[own] === name);
    const count = Number(row?.[current] ?? Number.NaN);
    return Number.isInteger(count) ? count : undefined;
  }

  private async hold(
    server: BalancedServer,
    state: 'drain' | 'ready',
    holds: (row: ServerRow) => boolean,
  ): Promise<void> {
    const { backend, name } = namesOf(server);
    const show = `show servers state ${backend}`;
    const before = rowOf(await this.ask(this.address, show), server);
    const moved = movedTo(server.endpoint, before);
    const commands = [
      ...(moved === undefined ? [] : [`set server ${backend}/${name} addr ${moved.address} port ${moved.port}`]),
      `set server ${backend}/${name} state ${state}`,
      show,
    ];
    const answer = await this.ask(this.address, commands.join(';'));
    const after = rowOf(answer, server);
    const isThere = moved === undefined || (after.address === moved.address && after.port === moved.port);
    if (!holds(after) || !isThere) throw unexpectedAnswer(answer);
  }
}

function namesOf({ backend, target }: BalancedServer): { readonly backend: string; readonly name: string } {
  for (const name of [backend, target.host])
    if (!HAPROXY_NAME.test(name))
      throw refused(`"${name.slice(0, 60)}" is no name that HAProxy can have: use letters, digits and . _ : -`);
  return { backend, name: target.host };
}

/** Its line of `show servers state`. */
function rowOf(answer: string, { backend, target: { host } }: BalancedServer): ServerRow {
  const row = rowsOf(answer, backend).find((one) => one('srv_name') === host);
  if (row === undefined)
    throw refused(`backend ${backend} has no server ${host}: add it to the configuration of HAProxy`);
  return { address: row('srv_addr'), port: Number(row('srv_port')), admin: Number(row('srv_admin_state')) };
}

/** Where the host is now, when HAProxy does not know yet. A name is left to HAProxy's own resolvers. */
function movedTo(
  endpoint: string | undefined,
  { address, port }: ServerRow,
): { readonly address: string; readonly port: number } | undefined {
  const colon = endpoint?.lastIndexOf(':') ?? -1;
  if (endpoint === undefined || colon < 0) return undefined;
  const now = { address: endpoint.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(endpoint.slice(colon + 1)) };
  if (isIP(now.address) === 0 || !Number.isInteger(now.port)) return undefined;
  return now.address === address && now.port === port ? undefined : now;
}

const refused = (message: string): SluiceError => new SluiceError(DEPENDENCY_REFUSED, message);
