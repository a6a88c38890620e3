import 'reflect-metadata';

import type { NatsConnection } from '@nats-io/nats-core';
import type { DynamicModule, LoggerService, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, type NatsOptions, Transport } from '@nestjs/microservices';

import { type NatsLogin, userOf } from '../connect.js';
import { registered } from '../registered.js';
import { type Log, type RunningService, silentLog } from '../running-service.js';
import { CommandPipe, SluiceErrorFilter } from './command-checks.js';
import { PlainJsonDeserializer, PlainJsonSerializer } from './plain-json.js';

// Nest waits this long after it has left its subjects, and does not know what it still answers.
const GRACE_MS = 500;

/**
 * Nest's NATS transport such that anybody with a NATS client sends a command as plain JSON and gets plain JSON back.
 * Instances with the same queue share the commands.
 */
export function createNestNatsOptions(servers: string, queue: string, login?: NatsLogin): NatsOptions {
  return {
    transport: Transport.NATS,
    options: {
      servers: servers.split(','),
      ...userOf(login),
      name: `${queue} commands`,
      queue,
      maxReconnectAttempts: -1,
      deserializer: new PlainJsonDeserializer(),
      serializer: new PlainJsonSerializer(),
      gracefulShutdown: true,
      gracePeriod: GRACE_MS,
    },
  };
}

export interface CommandServerOptions {
  /** Holds the controllers with @MessagePattern(SUBJECTS.command(...)). */
  readonly module: Type | DynamicModule;
  readonly servers: string;
  readonly login?: NatsLogin | undefined;
  readonly queue: string;
  readonly log?: Log;
}

/** Serves a module's commands with CommandPipe and SluiceErrorFilter. Resolves when it can be reached. */
export async function startCommandServer({
  module,
  servers,
  login,
  queue,
  log = silentLog,
}: CommandServerOptions): Promise<RunningService> {
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, {
    ...createNestNatsOptions(servers, queue, login),
    logger: nestLogger(log),
    abortOnError: false,
  });
  app.useGlobalPipes(new CommandPipe());
  app.useGlobalFilters(new SluiceErrorFilter());
  await app.listen();
  // Without this a caller on another connection could still find nobody.
  await registered(app.unwrap<NatsConnection>());
  let stopped: Promise<void> | undefined;
  return { name: `${queue} commands`, stop: () => (stopped ??= app.close()) };
}

/** Nest's own lines in the service's log; what Nest calls log is of interest to developers only. */
export function nestLogger(log: Log): LoggerService {
  const facts = (rest: readonly unknown[]): object => ({ nest: rest.filter((part) => typeof part === 'string') });
  return {
    log: (message: unknown, ...rest: unknown[]) => log.debug(facts(rest), String(message)),
    debug: (message: unknown, ...rest: unknown[]) => log.debug(facts(rest), String(message)),
    verbose: (message: unknown, ...rest: unknown[]) => log.debug(facts(rest), String(message)),
    warn: (message: unknown, ...rest: unknown[]) => log.warn(facts(rest), String(message)),
    error: (message: unknown, ...rest: unknown[]) => log.error(facts(rest), String(message)),
    fatal: (message: unknown, ...rest: unknown[]) => log.error(facts(rest), String(message)),
  };
}
