import 'reflect-metadata';

import type { NatsConnection } from '@nats-io/nats-core';
import { Controller, Module } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { SUBJECTS } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsString, ValidateNested } from 'class-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { connectNats } from '../connect.js';
import { requestJson } from '../request-json.js';
import type { RunningService } from '../running-service.js';
import { startCommandServer } from './command-server.js';

class InnerDto {
  @IsIn(['pause', 'resume'])
  type!: string;
}

class CommandDto {
  @IsInt()
  v!: number;

  @IsString()
  target!: string;

  @ValidateNested()
  @Type(() => InnerDto)
  command!: InnerDto;
}

@Controller()
class CommandController {
  @MessagePattern(SUBJECTS.command('rollout'))
  rollout(@Payload() command: CommandDto): object {
    if (command.target === 'unknown') throw new SluiceError('NOT_FOUND', 'no such rollout', { target: 'unknown' });
    if (command.target === 'bug') throw new Error('secret inside');
    return { ok: true, target: command.target, isDto: command instanceof CommandDto };
  }
}

@Module({ controllers: [CommandController] })
class CommandModule {}

describe('commands over the transport of Nest', () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let service: RunningService;
  const subject = SUBJECTS.command('rollout');

  beforeAll(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'plain client' });
    service = await startCommandServer({ module: CommandModule, servers: server.url, queue: 'executor' });
  });
  afterAll(async () => {
    await service.stop();
    await nats.close();
    await server.stop();
  });

  const send = async (payload: string | Uint8Array): Promise<unknown> =>
    (await nats.request(subject, payload, { timeout: 5_000 })).json();

  it('takes plain JSON from a plain client and answers plain JSON', async () => {
    const command = { v: 1, target: 'r1', command: { type: 'pause' } };
    const answer = await requestJson(nats, subject, command, { timeoutMs: 5_000 });
    expect(answer).toEqual({ kind: 'answer', value: { ok: true, target: 'r1', isDto: true } });
  });

  it('lists every fault of a bad command with its path', async () => {
    const answer = await send(JSON.stringify({ v: 'x', target: 'r1', command: { type: 'explode' }, more: 1 }));
    expect(answer).toMatchObject({ ok: false, code: 'BAD_COMMAND' });
    const { faults } = (answer as { details: { faults: { path: string }[] } }).details;
    expect(faults.map(({ path }) => path).toSorted()).toEqual(['/command/type', '/more', '/v']);
  });

  it.each(['{', '', '[]', '7', 'null', '"text"'])('answers BAD_COMMAND to %j', async (payload) => {
    expect(await send(payload)).toMatchObject({ ok: false, code: 'BAD_COMMAND' });
  });

  it('answers BAD_COMMAND to what is nested too deep to be looked at', async () => {
    const deep = `${'{"command":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    expect(await send(deep)).toMatchObject({
      ok: false,
      code: 'BAD_COMMAND',
      message: expect.stringMatching(/deep/) as unknown,
    });
  });

  it('answers BAD_COMMAND to bytes that are no UTF-8', async () => {
    expect(await send(Uint8Array.of(0xff, 0xfe))).toMatchObject({ ok: false, code: 'BAD_COMMAND' });
  });

  it('does not take the envelope of Nest for a command', async () => {
    const wrapped = { pattern: subject, id: '1', data: { v: 1, target: 'r1', command: { type: 'pause' } } };
    expect(await send(JSON.stringify(wrapped))).toMatchObject({ ok: false, code: 'BAD_COMMAND' });
  });

  it('answers a typed error with its code, and anything else without what is inside', async () => {
    const of = (target: string): string => JSON.stringify({ v: 1, target, command: { type: 'pause' } });
    expect(await send(of('unknown'))).toEqual({
      ok: false,
      code: 'NOT_FOUND',
      message: 'no such rollout',
      details: { target: 'unknown' },
    });
    const internal = await send(of('bug'));
    expect(internal).toMatchObject({ ok: false, code: 'INTERNAL' });
    expect(JSON.stringify(internal)).not.toContain('secret');
  });

  it('goes on after a message that wants no answer', async () => {
    nats.publish(subject, JSON.stringify({ v: 1, target: 'r1', command: { type: 'pause' } }));
    nats.publish(subject, 'nonsense');
    expect(await send(JSON.stringify({ v: 1, target: 'r2', command: { type: 'pause' } }))).toMatchObject({ ok: true });
  });

  it('cannot be reached once it is stopped', async () => {
    const other = await startCommandServer({ module: CommandModule, servers: server.url, queue: 'executor' });
    await other.stop();
    await service.stop();
    expect(await requestJson(nats, subject, {}, { timeoutMs: 5_000 })).toEqual({ kind: 'unreachable' });
  });
});
