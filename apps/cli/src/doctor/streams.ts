import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { STREAMS } from '@sluice/contracts';
import { messageOf } from '@sluice/kernel';
import { diffStream, isStreamMissing, type SpecOptions, type StreamSpec, streamSpecs } from '@sluice/messaging';

import { type Finding, ok, warning, wrong } from './finding.js';
import { skewFinding } from './server.js';

/** Messages that wait for a consumer before it is told. */
const MUCH_LAG = 1_000;

export async function streamFindings(
  nats: NatsConnection,
  options: SpecOptions,
  now: () => number,
): Promise<readonly Finding[]> {
  let manager: JetStreamManager;
  try {
    manager = await jetstreamManager(nats);
    await manager.getAccountInfo();
  } catch (error) {
    const todo = 'start the server with JetStream (`jetstream: {}` or -js), and give this user the right to use it';
    return [wrong('permissions', `JetStream does not answer: ${messageOf(error)}`, todo)];
  }
  const found = [ok('permissions', 'JetStream answers this user')];
  for (const spec of streamSpecs(options)) found.push(await streamFinding(manager, spec));
  return [...found, ...(await clockFinding(manager, now)), ...(await lagFindings(manager))];
}

async function streamFinding(manager: JetStreamManager, spec: StreamSpec): Promise<Finding> {
  const check = `stream ${spec.name}`;
  try {
    const { config, state } = await manager.streams.info(spec.name);
    const diff = diffStream(spec, config);
    if (diff.kind === 'same') return ok(check, `${state.messages} messages`);
    const fields = diff.fields.join(', ');
    return diff.kind === 'update'
      ? warning(check, `differs in ${fields}`, 'start any service of this version: it brings the stream up to date')
      : wrong(
          check,
          `differs in ${fields}, which no service may change`,
          'change it by hand with the nats command, or give Sluice an account of its own',
        );
  } catch (error) {
    return isStreamMissing(error)
      ? missing(check, spec.name)
      : wrong(check, messageOf(error), 'give this user the right to read its state');
  }
}

const missing = (check: string, name: string): Finding =>
  wrong(
    check,
    'is not there',
    name === STREAMS.log
      ? 'if this installation ever ran, restore it from a backup; a new one makes it when a service starts'
      : 'start any service: it makes what is missing',
  );

/** The server stamps its answer with its own time. */
async function clockFinding(manager: JetStreamManager, now: () => number): Promise<readonly Finding[]> {
  const asked = now();
  try {
    const { ts } = (await manager.streams.info(STREAMS.requests)) as { ts?: string };
    const answered = now();
    const at = Date.parse(ts ?? '');
    if (Number.isNaN(at)) return [];
    return [skewFinding('clock of nats', at - (asked + answered) / 2, answered - asked)];
  } catch {
    return [];
  }
}

async function lagFindings(manager: JetStreamManager): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const stream of [STREAMS.requests, STREAMS.notify]) {
    try {
      for await (const {
        name,
        num_pending: waiting,
        num_ack_pending: open,
        num_redelivered: again,
      } of manager.consumers.list(stream)) {
        const check = `consumer ${stream}/${name}`;
        const words = `${waiting} wait, ${open} in work, ${again} delivered again`;
        findings.push(
          waiting < MUCH_LAG ? ok(check, words) : wrong(check, words, 'see that its service runs and what it logs'),
        );
      }
    } catch (error) {
      if (!isStreamMissing(error))
        findings.push(warning(`consumers of ${stream}`, messageOf(error), 'give this user the right to list them'));
    }
  }
  return findings;
}
