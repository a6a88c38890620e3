import type { NatsConnection } from '@nats-io/nats-core';
import { type CommandAggregate, SUBJECTS } from '@sluice/contracts';
import { messageOf } from '@sluice/kernel';
import { requestJson } from '@sluice/messaging';

import type { Api } from '../client/api.js';
import { CliError } from '../client/exit.js';
import { type Finding, ok, warning, wrong } from './finding.js';

const TIMEOUT_MS = 3_000;

const OWNERS: readonly (readonly [service: string, aggregate: CommandAggregate])[] = [
  ['planner', 'plan'],
  ['executor', 'rollout'],
];

/** Asks each service something that it must refuse: what answers is there. */
export async function serviceFindings(nats: NatsConnection): Promise<readonly Finding[]> {
  return Promise.all(
    OWNERS.map(async ([service, aggregate]) => {
      const { kind } = await requestJson(nats, SUBJECTS.command(aggregate), {}, { timeoutMs: TIMEOUT_MS });
      if (kind === 'answer') return ok(service, 'answers');
      const words = kind === 'unreachable' ? 'nobody listens for its commands' : `did not answer in ${TIMEOUT_MS} ms`;
      return wrong(service, words, `start it (\`sluice ${service}\`, or \`sluice up\`), or see what it logs`);
    }),
  );
}

export async function gatewayFindings(api: Api): Promise<readonly Finding[]> {
  try {
    const { position } = await api.call<{ position: number }>('getReadiness');
    return [ok('gateway', `ready at ${api.url}, has read the log up to ${position}`), await accessFinding(api)];
  } catch (error) {
    return [wrong('gateway', messageOf(error), 'start it, or say where it is with --url or SLUICE_URL')];
  }
}

async function accessFinding(api: Api): Promise<Finding> {
  try {
    const { actor, grants } = await api.call<{ actor: { id: string; kind: string }; grants: { role: string }[] }>(
      'getMe',
    );
    return ok('access', `you are ${actor.kind}:${actor.id}: ${grants.map(({ role }) => role).join(', ')}`);
  } catch (error) {
    const isRefused = error instanceof CliError && error.problem?.status === 401;
    const todo = isRefused
      ? 'set SLUICE_TOKEN; `sluice token create ... --nats URL` makes one'
      : 'see what the gateway logs';
    return isRefused ? warning('access', messageOf(error), todo) : wrong('access', messageOf(error), todo);
  }
}
