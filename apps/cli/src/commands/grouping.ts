import type { Command } from 'commander';

import type { AppVersionsPage, Candidate, Done, GroupVersions } from '@sluice/gateway';

import type { Operation } from '../client/operations.js';
import { appVersionsText, candidatesTable, versionsText } from '../output/versions.js';
import { EXPECTED, examples, headersOf, REASON, shellOf, show, type Surroundings } from './shell.js';

interface Verb {
  readonly verb: string;
  readonly operation: Operation;
  readonly what: 'host' | 'version';
  readonly about: string;
  readonly example: string;
}

const VERBS: readonly Verb[] = [
  {
    verb: 'exclude',
    operation: 'excludeGroup',
    what: 'host',
    about: 'take a host out of every rollout of its group',
    example: 'sluice exclude hello-web web-03 --reason "bad disk"',
  },
  {
    verb: 'include',
    operation: 'includeGroup',
    what: 'host',
    about: 'take an excluded host in again',
    example: 'sluice include hello-web web-03 --reason "new disk"',
  },
  {
    verb: 'block',
    operation: 'blockGroup',
    what: 'version',
    about: 'forbid a version in a group',
    example: 'sluice block hello-web 3.0.0 --reason "it leaks"',
  },
  {
    verb: 'unblock',
    operation: 'unblockGroup',
    what: 'version',
    about: 'allow a blocked version again',
    example: 'sluice unblock hello-web 3.0.0 --reason "it was the network"',
  },
];

interface Saying {
  readonly reason: string;
  readonly expectedVersion?: number;
}

/** What is said to a group whatever its rollouts do (each needs a reason), and which versions it has. */
export function addGrouping(program: Command, surroundings: Surroundings): void {
  for (const { verb, operation, what, about, example } of VERBS) {
    program
      .command(verb)
      .description(about)
      .argument('<group>')
      .argument(`<${what}>`)
      .requiredOption(...REASON)
      .option(...EXPECTED)
      .addHelpText('after', examples(example))
      .action(async (name: string, value: string, options: Saying, command: Command) => {
        const shell = shellOf(command, surroundings);
        const { reason } = options;
        const done = await shell.api.call<Done>(operation, {
          path: { name },
          body: { [what]: value, reason },
          headers: headersOf(options),
        });
        show(shell, done, ({ target, rev }) => [`${target}: ${verb} ${value} is done (rev ${rev})`]);
      });
  }
  addVersions(program, surroundings);
}

function addVersions(program: Command, surroundings: Surroundings): void {
  program
    .command('versions')
    .description('which versions run side by side in a group now, or in all groups of an app')
    .argument('[group]')
    .option('--app <name>', 'over the groups of this app: do they agree?')
    .addHelpText('after', examples('sluice versions hello-web', 'sluice versions --app hello -o json'))
    .action(async (name: string | undefined, { app }: { app?: string }, command: Command) => {
      const shell = shellOf(command, surroundings);
      if (name !== undefined) {
        show(shell, await shell.api.call<GroupVersions>('getGroupVersions', { path: { name } }), versionsText);
        return;
      }
      if (app === undefined) command.error('error: a group or --app is wanted');
      const page = { path: { app: app ?? '' }, query: { limit: 500 } };
      show(shell, await shell.api.call<AppVersionsPage>('getAppVersions', page), appVersionsText);
    });

  program
    .command('candidates')
    .description('the last ten versions that succeeded in a group and are not blocked')
    .argument('<group>')
    .addHelpText('after', examples('sluice candidates hello-web', 'sluice redeploy hello-web 1.0.0'))
    .action(async (name: string, _options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      const { items } = await shell.api.call<{ items: Candidate[] }>('listCandidates', { path: { name } });
      show(shell, items, candidatesTable);
    });
}
