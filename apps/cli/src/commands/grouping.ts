import type { Command } from 'commander';

import type { Done } from '@sluice/gateway';

import type { Operation } from '../client/operations.js';
import { REASON, shellOf, show, type Surroundings } from './shell.js';

const VERBS: readonly (readonly [verb: string, operation: Operation, what: 'host' | 'version', about: string])[] = [
  ['exclude', 'excludeGroup', 'host', 'take a host out of every rollout of its group'],
  ['include', 'includeGroup', 'host', 'take an excluded host in again'],
  ['block', 'blockGroup', 'version', 'forbid a version in a group'],
  ['unblock', 'unblockGroup', 'version', 'allow a blocked version again'],
];

/** What is said to a group whatever its rollouts do; each needs a reason. */
export function addGrouping(program: Command, surroundings: Surroundings): void {
  for (const [verb, operation, what, about] of VERBS) {
    program
      .command(verb)
      .description(about)
      .argument('<group>')
      .argument(`<${what}>`)
      .requiredOption(...REASON)
      .action(async (name: string, value: string, options: { reason: string }, command: Command) => {
        const shell = shellOf(command, surroundings);
        const done = await shell.api.call<Done>(operation, { path: { name }, body: { [what]: value, ...options } });
        show(shell, done, ({ target, rev }) => [`${target}: ${verb} ${value} is done (rev ${rev})`]);
      });
  }
}
