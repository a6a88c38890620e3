import type { WeightDocument, Weights } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import { refused, refusedName } from '../traffic/names.js';
import type { WeightPublisher } from '../traffic/weights.js';
import { askHaproxy, type HaproxyAddress } from './haproxy-socket.js';
import { HAPROXY_NAME, rowsOf } from './haproxy-rows.js';

/** HAProxy's own bound. */
const MAX_WEIGHT = 256;
/** A line of commands is bounded by HAProxy's buffer of 16 KB. */
const COMMANDS_AT_ONCE = 50;

/**
 * HAProxy by its runtime API. The servers of a side have its name, or begin with it and `-` or `_`; they share what it
 * has alike. A server of weight 0 gets no new requests, those under way go on. What was set is read back.
 */
export class HaproxyWeights implements WeightPublisher {
  constructor(
    private readonly address: HaproxyAddress,
    private readonly ask: typeof askHaproxy = askHaproxy,
  ) {}

  async publish(backend: string, { weights }: WeightDocument): Promise<void> {
    if (!HAPROXY_NAME.test(backend)) throw refusedName(backend, 'HAProxy can have: use letters, digits and . _ : -');
    const before = await this.present(backend);
    const wanted = this.wantedOf(backend, weights, [...before.keys()]);
    // What grows goes first: there is no moment in which no server has any weight.
    const grows = ([server, weight]: readonly [string, number]): number => weight - (before.get(server) ?? 0);
    const commands = [...wanted]
      .toSorted((a, b) => grows(b) - grows(a))
      .map(([server, weight]) => `set weight ${backend}/${server} ${weight}`);
    let said = '';
    for (let from = 0; from < commands.length; from += COMMANDS_AT_ONCE)
      said += await this.ask(this.address, commands.slice(from, from + COMMANDS_AT_ONCE).join('; '));
    const now = await this.present(backend);
    for (const [server, weight] of wanted) if (now.get(server) !== weight) throw notTaken(server, weight, said);
  }

  private wantedOf(backend: string, weights: Weights, servers: readonly string[]): ReadonlyMap<string, number> {
    const sides = Object.keys(weights);
    const bySide = new Map(sides.map((side) => [side, servers.filter((name) => sideOf(name, sides) === side)]));
    for (const [side, weight] of Object.entries(weights))
      if (weight > 0 && bySide.get(side)?.length === 0)
        throw refused(`backend ${backend} has no server of side ${side}: name its servers ${side} or ${side}-...`);
    const wanted = new Map<string, number>();
    const each = serverWeights(sides.map((side) => [weights[side] ?? 0, bySide.get(side)?.length ?? 0]));
    for (const [i, side] of sides.entries())
      for (const [k, name] of (bySide.get(side) ?? []).entries()) wanted.set(name, each[i]?.[k] ?? 0);
    return wanted;
  }

  private async present(backend: string): Promise<ReadonlyMap<string, number>> {
    const rows = rowsOf(await this.ask(this.address, `show servers state ${backend}`), backend);
    return new Map(rows.map((row) => [row('srv_name'), Number(row('srv_uweight'))]));
  }
}

/** The longest name that fits: `shop` and `shop-b` may both be sides. */
function sideOf(server: string, sides: readonly string[]): string | undefined {
  const fitting = sides.filter(
    (side) => server === side || server.startsWith(`${side}-`) || server.startsWith(`${side}_`),
  );
  return fitting.toSorted((a, b) => b.length - a.length)[0];
}

/**
 * The weights of the servers of each side, from its percent and how many servers it has: whole numbers up to 256 whose
 * sums come nearest to the shares. Servers of a side have alike, or one more; of many servers some may have none.
 */
export function serverWeights(
  sides: readonly (readonly [percent: number, servers: number])[],
): readonly (readonly number[])[] {
  const heaviest = sides.reduce((a, b) => (shareOf(b) > shareOf(a) ? b : a), [0, 1]);
  const none = sides.map(([, servers]) => Array.from({ length: servers }, () => 0));
  if (shareOf(heaviest) === 0) return none;
  let best: readonly number[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (let top = MAX_WEIGHT * Math.min(heaviest[1], MAX_SERVERS_TRIED); top >= 1; top -= 1) {
    const sums = sides.map(([percent, servers]) => sumOf(percent, servers, top / heaviest[0]));
    const error = errorOf(sums, sides);
    if (error < least - 1e-9) [best, least] = [sums, error];
  }
  return none.map((servers, i) => spread(best[i] ?? 0, servers.length));
}

/** More do not make a share any finer that could be told. */
const MAX_SERVERS_TRIED = 8;

const shareOf = ([percent, servers]: readonly [number, number]): number => (servers === 0 ? 0 : percent / servers);

const sumOf = (percent: number, servers: number, scale: number): number =>
  percent === 0 || servers === 0 ? 0 : Math.min(MAX_WEIGHT * servers, Math.max(1, Math.round(percent * scale)));

function errorOf(sums: readonly number[], sides: readonly (readonly [number, number])[]): number {
  const all = sums.reduce((a, b) => a + b, 0);
  return Math.max(...sums.map((sum, i) => Math.abs((100 * sum) / all - (sides[i]?.[0] ?? 0))));
}

const spread = (sum: number, servers: number): readonly number[] =>
  Array.from({ length: servers }, (_, i) => Math.floor(sum / servers) + (i < sum % servers ? 1 : 0));

const notTaken = (server: string, weight: number, said: string): SluiceError => {
  const words = said.trim().split('\n')[0]?.slice(0, 160) ?? '';
  const message = `HAProxy did not set the weight of ${server} to ${weight}; it said "${words}"`;
  return /static|permission/i.test(words) ? refused(message) : new SluiceError('BALANCER_ANSWER', message);
};
