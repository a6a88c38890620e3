import type { Done } from '@sluice/gateway';
import { Argument, type Command } from 'commander';

import { examples, REASON, shellOf, show, type Surroundings } from '../commands/shell.js';

/** What somebody found out about a rollout: policies are measured against it. */
export function addLabel(program: Command, surroundings: Surroundings): void {
  program
    .command('label')
    .description('say that a rollout was good or bad, whatever became of it: backtest measures policies against it')
    .argument('<id>')
    .addArgument(new Argument('<label>', 'none takes a label back').choices(['good', 'bad', 'none']))
    .requiredOption(...REASON)
    .addHelpText(
      'after',
      examples(
        'sluice label ID bad --reason "logins failed for an hour"',
        'sluice label ID good --reason "the alert was the network"',
        'sluice label ID none --reason "it was another rollout"',
      ),
    )
    .action(async (id: string, label: string, { reason }: { readonly reason: string }, command: Command) => {
      const shell = shellOf(command, surroundings);
      const done = await shell.api.call<Done>('labelRollout', { path: { id }, body: { label, reason } });
      show(shell, done, ({ target, state }) => [
        state === 'none' ? `${target} has no label any more` : `${target} is labelled ${state}`,
      ]);
    });
}
