import type { Command } from 'commander';

import type { PlanPreview, RequestOutcome } from '@sluice/contracts';

import { waitForRollout } from '../client/outcome.js';
import { previewText, rolloutText } from '../output/rollouts.js';
import { documentOf, examples, REASON, type Shell, shellOf, show, type Surroundings, TIMEOUT, WAIT } from './shell.js';

type Told = Partial<RequestOutcome> & { readonly requestId: string };

interface Requesting {
  readonly wait?: boolean;
  readonly timeout: number;
  readonly key?: string;
}

const KEY = ['--key <text>', 'idempotency key: the same key twice is one rollout'] as const;

const keyed = ({ key }: Requesting): { headers?: Record<string, string> } =>
  key === undefined ? {} : { headers: { 'idempotency-key': key } };

export function addRequesting(program: Command, surroundings: Surroundings): void {
  addRequest(program, surroundings);
  addRedeploy(program, surroundings);
  addInventory(program, surroundings);
}

function addRequest(program: Command, surroundings: Surroundings): void {
  program
    .command('request')
    .description('request a deployment; FILE is YAML or JSON, - reads the standard input')
    .argument('<file>')
    .option(...KEY)
    .option(...WAIT)
    .option(...TIMEOUT)
    .addHelpText(
      'after',
      examples('sluice request hello-2.0.0.yaml --wait --timeout 10m', 'make-request | sluice request -'),
    )
    .action(async (file: string, options: Requesting, command: Command) => {
      const shell = shellOf(command, surroundings);
      const call = { ...(await documentOf(shell, file)), ...keyed(options) };
      await finish(shell, await shell.api.call<Told>('createRequest', call), options);
    });

  program
    .command('preview')
    .description('the plan that a request would make now; nothing is started')
    .argument('<file>')
    .addHelpText('after', examples('sluice preview hello-2.0.0.yaml'))
    .action(async (file: string, _options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      show(shell, await shell.api.call<PlanPreview>('createPreview', await documentOf(shell, file)), previewText);
    });

  program
    .command('schema')
    .description('the JSON Schema of a deploy request, for editors')
    .addHelpText('after', examples('sluice schema -o json > deploy-request.schema.json'))
    .action(async (_options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      const schema = await shell.api.call<object>('getDeployRequestSchema');
      show(shell, schema, (value) => [JSON.stringify(value, null, 2)]);
    });
}

function addRedeploy(program: Command, surroundings: Surroundings): void {
  program
    .command('redeploy')
    .description(
      'roll a version out again as it succeeded in the group: the same bytes, and all else that its request said',
    )
    .argument('<group>')
    .argument('<version>', 'one of `sluice candidates GROUP`')
    .option(...REASON)
    .option(...KEY)
    .option(...WAIT)
    .option(...TIMEOUT)
    .addHelpText('after', examples('sluice redeploy hello-web 1.0.0 --reason "2.0.0 is slow" --wait'))
    .action(async (name: string, version: string, options: Requesting & { reason?: string }, command: Command) => {
      const shell = shellOf(command, surroundings);
      const { reason } = options;
      const body = { version, ...(reason === undefined ? {} : { reason }) };
      const call = { path: { name }, body, ...keyed(options) };
      await finish(shell, await shell.api.call<Told>('redeployGroup', call), options);
    });
}

async function finish(shell: Shell, told: Told, options: Requesting): Promise<void> {
  if (options.wait !== true || told.rolloutId === undefined) {
    show(shell, told, outcomeText);
    return;
  }
  if (shell.format === 'table') shell.err(outcomeText(told)[0] ?? '');
  const waiting = { ...shell, timeoutMs: options.timeout };
  const { exit, rollout } = await waitForRollout(shell.api, told.rolloutId, waiting);
  show(shell, rollout, rolloutText);
  shell.end(exit);
}

function addInventory(program: Command, surroundings: Surroundings): void {
  program
    .command('inventory')
    .description('say what a group is and which hosts are its members; FILE is YAML or JSON')
    .argument('<group>')
    .argument('<file>')
    .option('--merge', 'members that FILE does not name stay as they are')
    .addHelpText(
      'after',
      examples('sluice inventory hello-web hello-web.yaml', 'sluice inventory hello-web more.yaml --merge'),
    )
    .action(async (name: string, file: string, { merge }: { merge?: boolean }, command: Command) => {
      const shell = shellOf(command, surroundings);
      const operation = merge === true ? 'mergeInventoryGroup' : 'replaceInventoryGroup';
      const call = { path: { name }, ...(await documentOf(shell, file)) };
      const stored = await shell.api.call<{ rev: number }>(operation, call);
      show(shell, stored, ({ rev }) => [`${name} is stored as version ${rev}`]);
    });
}

function outcomeText({ requestId, outcome, rolloutId, planHash }: Told): string[] {
  if (outcome === undefined)
    return [`request ${requestId} is taken; its outcome is not known yet: sluice list shows it`];
  const what = outcome === 'duplicate' ? 'is this rollout already' : 'planned';
  return [`${what}: ${rolloutId ?? ''}`, `plan ${planHash ?? ''}`];
}
