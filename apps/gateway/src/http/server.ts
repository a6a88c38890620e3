import 'reflect-metadata';

import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

import { DEPLOY_REQUEST_SCHEMA } from '@sluice/contracts';
import type { Logger } from '@sluice/observability';

import { GatewayModule, type GatewayParts } from '../gateway.module.js';
import { ProblemFilter, sendProblem } from '../problems/filter.js';
import { problemOf } from '../problems/problem.js';
import { parseYaml } from '../requests/document.js';
import { PROBLEM_SCHEMA } from './documentation.js';
import type { Reply } from './exchange.js';
import { inputPipe } from './validation.js';

const BODY_LIMIT = 1024 * 1024;
/** A name of 200 bytes may be percent-encoded. */
const MAX_PARAM_LENGTH = 700;
const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];

export async function createServer(parts: GatewayParts, logger: Logger): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
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
  SwaggerModule.setup('docs', app, openApiOf(app), { jsonDocumentUrl: 'docs-json', yamlDocumentUrl: 'docs-yaml' });
  await app.init();
  return app;
}

function openApiOf(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Sluice')
    .setDescription('Deploy a little at first, watched, and stopped at once when something breaks.')
    .setVersion('v1')
    .build();
  const document = SwaggerModule.createDocument(app, config);
  const { $schema: _, $id: __, ...deployRequest } = DEPLOY_REQUEST_SCHEMA;
  // The library's types want mutable arrays; what they describe is the same.
  const own = { Problem: PROBLEM_SCHEMA, DeployRequest: deployRequest } as unknown as Schemas;
  return { ...document, components: { ...document.components, schemas: { ...document.components?.schemas, ...own } } };
}

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
