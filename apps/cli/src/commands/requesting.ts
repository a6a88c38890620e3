import type { Command } from 'commander';

import type { PlanPreview, RequestOutcome } from '@sluice/contracts';

import { EXIT } from '../client/exit.js';
import { waitForRollout } from '../client/outcome.js';
import { previewText, rolloutText } from '../output/rollouts.js';
import { type Shell, shellOf, show, type Surroundings, TIMEOUT } from './shell.js';

type Told = Partial<RequestOutcome> & { readonly requestId: string };

export function addRequesting(program: Command, surroundings: Surroundings): void {
  program
    .command('request')
    .description('request a deployment; FILE is YAML or JSON, - reads the standard input')
    .argument('<file>')
    .option('--wait', 'until the rollout has ended (0 succeeded, 6 not) or waits for a person (7)')
    .option(...TIMEOUT)
    .addHelpText('after', '\nExample:\n  sluice request hello-2.0.0.yaml --wait --timeout 10m\n')
    .action(async (file: string, options: { wait?: boolean; timeout: number }, command: Command) => {
      const shell = shellOf(command, surroundings);
      const told = await shell.api.call<Told>('createRequest', await documentOf(shell, file));
      if (options.wait !== true || told.rolloutId === undefined) {
        show(shell, told, outcomeText);
        return;
      }
      if (!shell.json) shell.err(outcomeText(told)[0] ?? '');
      const { exit, rollout } = await waitForRollout(shell.api, told.rolloutId, {
        ...shell,
        timeoutMs: options.timeout,
      });
      show(shell, rollout, rolloutText);
      shell.end(exit);
    });

  program
    .command('preview')
    .description('the plan that a request would make now; nothing is started')
    .argument('<file>')
    .action(async (file: string, _options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      show(shell, await shell.api.call<PlanPreview>('createPreview', await documentOf(shell, file)), previewText);
    });

  program
    .command('inventory')
    .description('say what a group is and which hosts are its members; FILE is YAML or JSON')
    .argument('<group>')
    .argument('<file>')
    .action(async (name: string, file: string, _options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      const stored = await shell.api.call<{ rev: number }>('replaceInventoryGroup', {
        path: { name },
        ...(await documentOf(shell, file)),
      });
      show(shell, stored, ({ rev }) => [`${name} is stored as version ${rev}`]);
      shell.end(EXIT.ok);
    });
}

/** JSON is YAML too, and the gateway reads it either way. */
async function documentOf(shell: Shell, file: string): Promise<{ body: string; contentType: string }> {
  return { body: await shell.readText(file), contentType: 'application/yaml' };
}

function outcomeText({ requestId, outcome, rolloutId, planHash }: Told): string[] {
  if (outcome === undefined)
    return [`request ${requestId} is taken; its outcome is not known yet: sluice list shows it`];
  const what = outcome === 'duplicate' ? 'is this rollout already' : 'planned';
  return [`${what}: ${rolloutId ?? ''}`, `plan ${planHash ?? ''}`];
}
