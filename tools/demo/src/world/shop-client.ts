import { Agent, request } from 'node:http';

import { type WeightDocument, sideOf, watchWeights } from '@sluice/side';

import { SIDES, type ShopPorts, type Side } from './shop.js';

/** Where a request with this id goes. */
export interface Door {
  readonly place: (id: string) => { readonly socketPath: string } | { readonly host: string; readonly port: number };
  readonly stop: () => void;
}

/** The socket of a load balancer, which decides by itself. */
export const balancerDoor = (socketPath: string): Door => ({ place: () => ({ socketPath }), stop: () => undefined });

/** No balancer: each request goes to the side that the document of weights gives it. */
export async function weighingDoor(url: string, ports: ShopPorts): Promise<Door> {
  const weights = watchWeights({ url, intervalMs: 100 });
  await weights.ready;
  const place = (id: string) => {
    const side = sideOf({}, weights.current() ?? AT_FIRST, id);
    return { host: '127.0.0.1', port: ports('web', SIDES.find((one): one is Side => one === side) ?? 'blue') };
  };
  return { place, stop: weights.stop };
}

/** Before anything was ever published. */
const AT_FIRST: WeightDocument = {
  v: 1,
  group: 'shop',
  version: 0,
  weights: { blue: 100, green: 0 },
  rolloutId: null,
  since: 0,
};

/** What the client saw since it was last told to count anew. */
export interface Seen {
  asked: number;
  ok: number;
  /** Answers that a user would have complained about, and requests without one. */
  errors: number;
  /** Answers of which two services had two versions. */
  mixed: number;
  /** By version: answers, errors among them, and when the last one came. */
  readonly versions: Map<string, { count: number; errors: number; lastAt: number }>;
  firstErrorAt?: number;
}

const TICK_MS = 10;
const REQUESTS_PER_TICK = 2;
const TIMEOUT_MS = 30_000;

/** Asks the shop two hundred times a second, and counts. It knows nothing of rollouts. */
export class ShopClient {
  seen: Seen = nothingYet();
  private readonly keepAlive = new Agent({ keepAlive: true, maxSockets: 16 });
  private timer: NodeJS.Timeout | undefined;
  private next = 0;

  constructor(private readonly door: Door) {}

  start(): void {
    this.timer = setInterval(() => {
      for (let i = 0; i < REQUESTS_PER_TICK; i += 1) this.send();
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.door.stop();
    this.keepAlive.destroy();
  }

  /** Counts anew from here on; what is on its way is counted here. */
  anew(): void {
    this.seen = nothingYet();
  }

  private send(): void {
    const { seen } = this;
    seen.asked += 1;
    const place = this.door.place(`request-${(this.next += 1)}`);
    const sent = request({ ...place, path: '/', agent: this.keepAlive, timeout: TIMEOUT_MS }, (response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => count(seen, response.statusCode === 200, text));
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', () => count(seen, false, ''));
    sent.end();
  }
}

const nothingYet = (): Seen => ({ asked: 0, ok: 0, errors: 0, mixed: 0, versions: new Map() });

function count(seen: Seen, isGood: boolean, text: string): void {
  const now = Date.now();
  if (isGood) seen.ok += 1;
  else {
    seen.errors += 1;
    seen.firstErrorAt ??= now;
  }
  const { version, search } = read(text);
  if (version === undefined) return;
  if (search !== undefined && search !== version) seen.mixed += 1;
  const before = seen.versions.get(version) ?? { count: 0, errors: 0 };
  seen.versions.set(version, { count: before.count + 1, errors: before.errors + (isGood ? 0 : 1), lastAt: now });
}

/** A page of a balancer says nothing of versions. */
function read(text: string): { readonly version?: string; readonly search?: string } {
  try {
    return JSON.parse(text) as { readonly version?: string; readonly search?: string };
  } catch {
    return {};
  }
}
