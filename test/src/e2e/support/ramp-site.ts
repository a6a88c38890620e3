import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { until } from '@sluice/demo';
import type { VariableDetail } from '@sluice/gateway';
import { type RunningPrometheus, startPrometheus } from '@sluice/testing';

import { Site } from './site.js';

export const FLEET = 'edge';
export const VARIABLE = 'login_version';
const ROLES = ['access', 'login', 'web'] as const;
const AT_ONCE = 32;

interface Judgement {
  readonly verdict: 'pass' | 'fail';
  readonly words: string;
}

/**
 * What is outside: a service that counts ten logins whenever it is scraped, of them as many failed as somebody says, and a
 * judge who says what he is told to say.
 */
class Outside {
  failing = 0;
  judgement: Judgement = { verdict: 'pass', words: 'all is well' };
  private readonly counts = { ok: 0, failed: 0 };

  private constructor(private readonly server: Server) {}

  static async serve(): Promise<Outside> {
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.end(request.method === 'POST' ? outside.judged() : outside.scraped()));
    });
    const outside = new Outside(server);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return outside;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private judged(): string {
    return JSON.stringify(this.judgement);
  }

  private scraped(): string {
    this.counts.ok += 10 - this.failing;
    this.counts.failed += this.failing;
    const lines = Object.entries(this.counts).map(([result, count]) => `logins_total{result="${result}"} ${count}`);
    return `${lines.join('\n')}\n`;
  }
}

const FAILED =
  'sum(rate(logins_total{app="{{app}}",result="failed"}[2s])) / sum(rate(logins_total{app="{{app}}"}[2s]))';

/** Looks each second; a slow machine may have nothing to tell for a minute. */
const EACH_SECOND = { interval: '1s', limits: { inconclusive: 60, error: 60 } };

/** More than a tenth of the logins failed. */
export const LOGINS = {
  ...{ name: 'logins', source: 'metrics', at: ['during'], ...EACH_SECOND },
  measure: { kind: 'threshold', query: FAILED, limit: 0.1, n: 1, of: 2, window: '2s', step: '1s' },
};

/** What people say who look at it at the end. */
export const LAST_LOOK = {
  ...{ name: 'last-look', source: 'judge', at: ['exit'], ...EACH_SECOND },
  measure: { kind: 'webhook' },
};

/** A site with a fleet that asks, watched by a real Prometheus and judged at the end by a judge outside. */
export class RampSite {
  private constructor(
    readonly site: Site,
    readonly outside: Outside,
    private readonly prometheus: RunningPrometheus,
  ) {}

  static async start(): Promise<RampSite> {
    const site = await Site.prepare([
      { name: 'login', app: 'platform', hosts: [], definition: { ...NOT_OF_FLEETS, fleet: { name: FLEET } } },
    ]);
    const outside = await Outside.serve();
    const jobs = { logins: [{ address: outside.address, labels: { app: 'platform' } }] };
    const prometheus = await startPrometheus({ jobs });
    const ramp = new RampSite(site, outside, prometheus);
    const sources = [`metrics=prometheus+${prometheus.url}`, `judge=webhook+http://${outside.address}/`];
    site.environment = { SLUICE_GATE_SOURCES: sources.join(',') };
    await site.up();
    return ramp;
  }

  async stop(): Promise<void> {
    await this.site.stop();
    await Promise.all([this.prometheus.stop(), this.outside.stop()]);
  }

  variable(): Promise<VariableDetail | undefined> {
    return this.site.api.get(`/v1/variables/${FLEET}/${VARIABLE}`);
  }

  async say(command: string, body: object): Promise<void> {
    await this.site.api.post(`/v1/variables/${FLEET}/${VARIABLE}/commands/${command}`, body);
  }

  /** So many hosts ask, as they do all day; those that are to have `value`. */
  async asked(hosts: number, value: string): Promise<ReadonlySet<string>> {
    const having = new Set<string>();
    let next = 0;
    const ask = async (): Promise<void> => {
      for (let i = next++; i < hosts; i = next++) {
        const host = `edge-${i}`;
        const question = `fleet=${FLEET}&role=${ROLES[i % ROLES.length] ?? ''}`;
        const state = await this.site.api.get<Record<string, string>>(`/v1/desired-state/${host}?${question}`);
        if (state?.[VARIABLE] === value) having.add(host);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, ask));
    return having;
  }

  /** Until Prometheus itself sees so large a share of logins fail at most. */
  async calm(most: number): Promise<void> {
    const query = FAILED.replaceAll('{{app}}', 'platform');
    await until(`at most ${most} of the logins fail`, async () => {
      const response = await fetch(`${this.prometheus.url}/api/v1/query?query=${encodeURIComponent(query)}`);
      const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
      const value = data.result[0]?.value[1];
      return value !== undefined && Number(value) <= most ? true : undefined;
    });
  }
}

/** What the inventory of a site says of groups of hosts. */
const NOT_OF_FLEETS = {
  profile: undefined,
  verify: undefined,
  startTimeout: undefined,
  drainWindow: undefined,
  members: undefined,
};
