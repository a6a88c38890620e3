import 'reflect-metadata';

import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

import { DEPLOY_REQUEST_SCHEMA, INVENTORY_GROUP_SCHEMA, TEMPLATE_SCHEMA } from '@sluice/contracts';
import { invariant, SluiceError } from '@sluice/kernel';
import { type Logger, METRICS_PATH } from '@sluice/observability';

import { type GatekeeperParts, guard } from '../access/gatekeeper.js';
import { PERMISSIONS, PUBLIC } from '../access/permissions.js';
import { GatewayModule, type GatewayParts } from '../gateway.module.js';
import { ProblemFilter, sendProblem } from '../problems/filter.js';
import { problemOf } from '../problems/problem.js';
import { parseYaml } from '../requests/document.js';
import type { DesiredState } from '../variables/desired-state.js';
import { answerClientError } from './client-errors.js';
import { ANSWER_SCHEMAS, PROBLEM_SCHEMA } from './documentation.js';
import type { Reply } from './exchange.js';
import { boundBodies } from './intake.js';
import { meterAnswers, METRICS_OPERATION, metricsPage, type Onlookers, type OnResponse } from './http-metrics.js';
import { revalidate } from './revalidate.js';
import { DESIRED_STATE_ROUTE, withFastPath } from '../variables/fast-path.js';
import { inputPipe } from './validation.js';

const BODY_LIMIT = 1024 * 1024;
/** A name of 200 bytes may be percent-encoded. */
const MAX_PARAM_LENGTH = 700;
const MAX_HEADER_BYTES = 16 * 1024;
const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];

/** What clients may hold on to. Live streams beat more often than an idle connection is dropped. */
export interface ClientBounds {
  /** More are hung up on at once. */
  readonly maxConnections: number;
  /** Of all documents that are being read or answered. */
  readonly maxBodyBytes: number;
  /** A request is dropped whose headers, or whose whole, take longer to arrive, in ms. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** A client that neither sends nor takes anything for so long is dropped, in ms. */
  readonly idleMs: number;
}

/** Who is let in, and how often; the operations come from the OpenAPI document. */
export type ServerGuards = Omit<GatekeeperParts, 'operations'>;

export interface ServerOptions extends Onlookers {
  readonly logger: Logger;
  readonly clients: ClientBounds;
}

export async function createServer(
  parts: GatewayParts,
  guards: ServerGuards,
  { logger, clients, ...onlookers }: ServerOptions,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    ...timesOf(clients),
    clientErrorHandler: answerClientError,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // Addresses that cannot be decoded never reach Nest and its filter.
    frameworkErrors: (error: Error, _request: unknown, reply: Reply) => {
      sendProblem(reply, problemOf('BAD_ADDRESS', `the address cannot be read: ${error.message}`, { status: 400 }));
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.with(parts), adapter, { logger: false });
  app.useBodyParser(YAML_TYPES, { bodyLimit: BODY_LIMIT }, (_request, body, done) => {
    try {
      done(null, parseYaml(body.toString('utf8')));
    } catch (error) {
      done(error instanceof Error ? error : new Error('unreadable body'));
    }
  });
  app.useGlobalPipes(inputPipe());
  app.useGlobalFilters(new ProblemFilter(logger));
  const document = openApiOf(app);
  const fastify = adapter.getInstance();
  fastify.addHook('onRequest', guard({ ...guards, operations: operationsOf(document) }) as never);
  fastify.addHook('onRequest', boundBodies(clients.maxBodyBytes, BODY_LIMIT) as never);
  const meter = onlookers.metrics === undefined ? undefined : meterAnswers(onlookers.metrics);
  watch(adapter, meter, onlookers);
  fastify.addHook('onSend', revalidate as never);
  fastify.server.maxConnections = clients.maxConnections;
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: 'docs-json', yamlDocumentUrl: 'docs-yaml' });
  await app.init();
  await fastify.ready();
  hurry(fastify.server, { desired: parts.desired, guards, meter });
  return app;
}

const timesOf = ({ headersMs, requestMs, idleMs }: ClientBounds) => ({
  requestTimeout: requestMs,
  connectionTimeout: idleMs,
  keepAliveTimeout: Math.min(30_000, idleMs),
  http: {
    headersTimeout: headersMs,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Node looks for what is late only so often, every 30 s unless it is told.
    connectionsCheckingInterval: Math.min(5_000, Math.ceil(headersMs / 2)),
  },
});

interface Hurry {
  readonly desired: DesiredState;
  readonly guards: ServerGuards;
  readonly meter: OnResponse | undefined;
}

const DESIRED_STATE_ASKED = { method: 'GET', routeOptions: { url: DESIRED_STATE_ROUTE } };

/** What hosts ask all the time is looked at before Fastify is. */
function hurry(server: Server, { desired, guards, meter }: Hurry): void {
  const [listener, ...others] = server.listeners('request') as ((
    request: IncomingMessage,
    response: ServerResponse,
  ) => void)[];
  invariant(listener !== undefined && others.length === 0, 'one listener answers requests', { others: others.length });
  const { access, polls } = guards;
  const answered = (statusCode: number, elapsedTime: number): void =>
    meter?.(DESIRED_STATE_ASKED, { statusCode, elapsedTime }, () => {});
  server.removeListener('request', listener);
  server.on(
    'request',
    withFastPath({ desired, access, polls, ...(meter === undefined ? {} : { answered }) }, listener),
  );
}

function watch(adapter: FastifyAdapter, meter: OnResponse | undefined, { metricsPage: page }: Onlookers): void {
  const fastify = adapter.getInstance();
  if (meter !== undefined) fastify.addHook('onResponse', meter as never);
  if (page !== undefined) fastify.get(METRICS_PATH, metricsPage(page) as never);
}

/** `GET /v1/rollouts/:id` -> `getRollout`. Each has a rule who may use it, or nothing starts. Code NO_PERMISSION_RULE. */
function operationsOf(document: OpenAPIObject): ReadonlyMap<string, string> {
  const operations = new Map<string, string>();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { operationId }] of Object.entries(methods) as [string, { operationId: string }][]) {
      const known = PUBLIC.has(operationId) || Object.hasOwn(PERMISSIONS, operationId);
      if (!known) throw new SluiceError('NO_PERMISSION_RULE', `${operationId} has no rule who may use it: add one`);
      operations.set(`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`, operationId);
    }
  }
  operations.set(...METRICS_OPERATION);
  return operations;
}

function openApiOf(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Sluice')
    .setDescription('Deploy a little at first, watched, and stopped at once when something breaks.')
    .setVersion('v1')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'Made by `sluice token create`.' })
    .addSecurityRequirements('bearer')
    .build();
  const document = SwaggerModule.createDocument(app, config);
  const { $schema: _, $id: __, ...deployRequest } = DEPLOY_REQUEST_SCHEMA;
  // The library's types want mutable arrays; what they describe is the same.
  const own = {
    Problem: PROBLEM_SCHEMA,
    DeployRequest: deployRequest,
    InventoryGroup: inventoryGroup,
    RequestTemplate: TEMPLATE_SCHEMA,
    ...ANSWER_SCHEMAS,
  } as unknown as Schemas;
  return { ...document, components: { ...document.components, schemas: { ...document.components?.schemas, ...own } } };
}

/** The name is the address's. */
const inventoryGroup = {
  ...INVENTORY_GROUP_SCHEMA,
  required: INVENTORY_GROUP_SCHEMA.required.filter((name) => name !== 'name'),
};

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
