import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';

import {
  BUCKETS,
  type CommandAggregate,
  encodeToken,
  type GroupEntry,
  type MemberEntry,
  type RequestTemplate,
  SUBJECTS,
  type WeightDocument,
  type Weights,
} from '@sluice/contracts';
import { JetStreamEventLog } from '@sluice/event-log';
import { connectNats, provision } from '@sluice/messaging';
import { createLogger, newUlid, systemClock } from '@sluice/observability';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';

import { vi } from 'vitest';

import { Planter } from './fixtures.suite.js';
import { type GatewayDeps, type GatewayLimits, type RunningGateway, startGateway } from './start.js';

interface Parts {
  readonly server: RunningNatsServer;
  readonly nats: NatsConnection;
  readonly log: JetStreamEventLog;
  readonly gateway: RunningGateway;
}

/** A gateway on a real nats-server; what the other services would do is planted or answered by the test. */
export class Harness {
  readonly planter: Planter;

  private constructor(private readonly parts: Parts) {
    this.planter = new Planter(parts.log);
  }

  get nats(): NatsConnection {
    return this.parts.nats;
  }

  get gateway(): RunningGateway {
    return this.parts.gateway;
  }

  static async start(
    limits: Partial<GatewayLimits> = {},
    openLocally = true,
    seen: Pick<GatewayDeps, 'metrics' | 'metricsPage' | 'spans'> = {},
  ): Promise<Harness> {
    const server = await startNatsServer();
    const nats = await connectNats({ servers: server.url, name: 'gateway test' });
    await provision(nats);
    const log = new JetStreamEventLog(nats);
    const logger = createLogger('gateway', 'silent');
    const gateway = await startGateway({
      ...{ nats, log, clock: systemClock, logger, newId: newUlid },
      ...{ port: 0, limits, openLocally, ...seen },
    });
    return new Harness({ server, nats, log, gateway });
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    await this.nats.close();
    await this.parts.server.stop();
  }

  /** Until the read models know the rollout up to that rev. */
  async whenRev(id: string, rev: number): Promise<void> {
    await vi.waitFor(async () => {
      const { body } = await this.json(`/v1/rollouts/${id}`);
      if (body['rev'] !== rev) throw new Error(`${id} is at ${JSON.stringify(body['rev'])}, not at ${rev}`);
    });
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.gateway.url + path, init);
  }

  async json(
    path: string,
    init: RequestInit = {},
  ): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
    const response = await this.fetch(path, init);
    return {
      status: response.status,
      body: (await response.json()) as Record<string, unknown>,
      headers: response.headers,
    };
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): ReturnType<Harness['json']> {
    const sent = typeof body === 'string' ? body : JSON.stringify(body);
    return this.json(path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: sent });
  }

  /** Answers commands of an aggregate as its service would; returns what was said. */
  serve(aggregate: CommandAggregate, answer: (message: Record<string, unknown>) => unknown): Record<string, unknown>[] {
    const said: Record<string, unknown>[] = [];
    this.nats.subscribe(SUBJECTS.command(aggregate), {
      queue: 'test',
      callback: (_error, message) => {
        const command = message.json<Record<string, unknown>>();
        said.push(command);
        message.respond(JSON.stringify(answer(command)));
      },
    });
    return said;
  }

  async putMember(member: MemberEntry): Promise<void> {
    const bucket = await new Kvm(this.nats).open(BUCKETS.inventory);
    const record = { v: 1, source: 'heartbeat', version: 1, fetchedAt: 1, entry: member };
    await bucket.put(`member.${encodeToken(member.group)}.${encodeToken(member.host)}`, JSON.stringify(record));
  }

  async putTemplate(name: string, fields: RequestTemplate): Promise<void> {
    const bucket = await new Kvm(this.nats).open(BUCKETS.inventory);
    const record = { v: 1, source: 'api', version: 1_767_225_600_000, fetchedAt: 1, entry: { name, fields } };
    await bucket.put(`template.${encodeToken(name)}`, JSON.stringify(record));
  }

  /** As the executor publishes them. */
  async putWeights(group: string, version: number, weights: Weights, rolloutId: string | null = null): Promise<void> {
    const bucket = await new Kvm(this.nats).open(BUCKETS.weights);
    const document: WeightDocument = {
      v: 1,
      group,
      version,
      weights,
      rolloutId,
      since: 1_767_225_600_000,
      token: 3,
      rev: 2,
      by: 'ana',
    };
    await bucket.put(encodeToken(group), JSON.stringify(document));
  }

  async putGroup(name: string, more: Partial<GroupEntry> = {}): Promise<void> {
    const bucket = await new Kvm(this.nats).open(BUCKETS.inventory);
    const record = {
      v: 1,
      source: 'file',
      version: 1,
      fetchedAt: 1,
      entry: { name, app: 'hello', environment: 'test', ...more },
    };
    await bucket.put(`group.${encodeToken(name)}`, JSON.stringify(record));
  }
}

export interface ServerEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data: string;
}

/** Server-sent events of a response, as they come; comments are left out. */
export async function* serverEvents(response: Response): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
      );
      if (fields['data'] !== undefined)
        yield {
          data: fields['data'],
          ...(fields['id'] === undefined ? {} : { id: fields['id'] }),
          ...(fields['event'] === undefined ? {} : { event: fields['event'] }),
        };
    }
  }
}
