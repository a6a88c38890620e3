import { Agent, type IncomingMessage, request } from 'node:http';

/** What a host is to have: a scalar for each variable of its fleet. */
export type Values = Readonly<Record<string, string | number | boolean>>;

/** A host that asks, and keeps what it was told last. */
export interface PollingHost {
  readonly name: string;
  readonly role: string;
  values: Values;
  etag?: string;
  /** When it asked the last question that was answered, ms. */
  askedAt: number;
  /** Each value of the variable that it had, in order. */
  readonly had: (string | number | boolean)[];
  asking: boolean;
}

export interface PollingFleet {
  readonly url: string;
  readonly fleet: string;
  /** The variable that changes what its hosts do. */
  readonly variable: string;
  /** By role, how many. */
  readonly roles: Readonly<Record<string, number>>;
}

/** Answers of all hosts since they were last counted. */
export interface Tally {
  fresh: number;
  unchanged: number;
  failed: number;
}

/** For a thousand hosts and more: each has its turn on one of them. */
export const CONNECTIONS = 32;
const EVERY_MS = 2_000;
const TICK_MS = 50;
const TIMEOUT_MS = 30_000;

/** Simulated hosts that ask over real HTTP what they are to have, each every two seconds: `curl` could do as much. */
export class PollingHosts {
  readonly hosts: readonly PollingHost[];
  tally: Tally = nothingYet();
  readonly failures: string[] = [];
  private readonly agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, scheduling: 'fifo' });
  private readonly sockets = new WeakSet<object>();
  private timer: NodeJS.Timeout | undefined;
  private next = 0;
  /** Connections that were ever opened. */
  connections = 0;

  constructor(private readonly of: PollingFleet) {
    this.hosts = Object.entries(of.roles).flatMap(([role, count]) =>
      Array.from({ length: count }, (_, i) => newHost(`${role}-${String(i + 1).padStart(3, '0')}`, role)),
    );
  }

  start(): void {
    const each = Math.ceil((this.hosts.length * TICK_MS) / EVERY_MS);
    this.timer = setInterval(() => {
      for (let i = 0; i < each; i += 1) this.ask(this.hosts[this.next++ % this.hosts.length]);
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.agent.destroy();
  }

  /** Counts anew from here on. */
  anew(): void {
    this.tally = nothingYet();
  }

  /** How many have this value of the variable. */
  having(value: string): number {
    return this.hosts.filter(({ values }) => values[this.of.variable] === value).length;
  }

  private ask(host: PollingHost | undefined): void {
    // Who is still waiting for an answer asks no second time.
    if (host === undefined || host.asking) return;
    host.asking = true;
    const question = { host, tally: this.tally, askedAt: Date.now() };
    const { url, fleet } = this.of;
    const path = `${url}/v1/desired-state/${host.name}?fleet=${fleet}&role=${host.role}`;
    const options = { agent: this.agent, headers: this.headersOf(host), timeout: TIMEOUT_MS };
    const sent = request(path, options, (response) => this.take(question, response));
    sent.on('socket', (socket) => {
      this.connections += this.sockets.has(socket) ? 0 : 1;
      this.sockets.add(socket);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', (error) => this.fail(question, error.message));
    sent.end();
  }

  /** What it knows already, and what it has got to. */
  private headersOf({ etag, values }: PollingHost): Record<string, string> {
    const value = values[this.of.variable];
    return {
      ...(etag === undefined ? {} : { 'if-none-match': etag }),
      ...(value === undefined ? {} : { 'x-sluice-actual': `${this.of.variable}=${encodeURIComponent(value)}` }),
    };
  }

  private take(question: Question, response: IncomingMessage): void {
    const { host, tally, askedAt } = question;
    let text = '';
    response.on('data', (part: Buffer) => (text += part.toString()));
    response.on('end', () => {
      const { statusCode: status, headers } = response;
      if (status !== 200 && status !== 304) return this.fail(question, `status ${status}: ${text.slice(0, 200)}`);
      host.asking = false;
      host.askedAt = askedAt;
      if (status === 304) return void (tally.unchanged += 1);
      tally.fresh += 1;
      host.values = JSON.parse(text) as Values;
      if (headers.etag !== undefined) host.etag = headers.etag;
      const value = host.values[this.of.variable];
      if (value !== undefined && value !== host.had.at(-1)) host.had.push(value);
    });
  }

  /** It keeps what it has, and asks again. */
  private fail({ host, tally }: Question, why: string): void {
    host.asking = false;
    tally.failed += 1;
    if (this.failures.length < 20) this.failures.push(`${host.name}: ${why}`);
  }
}

interface Question {
  readonly host: PollingHost;
  /** Where its answer counts. */
  readonly tally: Tally;
  readonly askedAt: number;
}

const newHost = (name: string, role: string): PollingHost => ({
  ...{ name, role, values: {}, askedAt: 0, had: [], asking: false },
});

const nothingYet = (): Tally => ({ fresh: 0, unchanged: 0, failed: 0 });
