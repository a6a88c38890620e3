import type { Command } from 'commander';

import type { Done, RolloutDetail } from '@sluice/gateway';

import type { Operation } from '../client/operations.js';
import { waitForRollback, waitForRollout } from '../client/outcome.js';
import { rolloutText } from '../output/rollouts.js';
import { wantedOf } from './approvals.js';
import { type Verb, VERBS } from './rollout-verbs.js';
import {
  EXPECTED,
  examples,
  headersOf,
  REASON,
  type Shell,
  shellOf,
  show,
  type Surroundings,
  TIMEOUT,
  WAIT,
} from './shell.js';

/** What every command to a rollout takes. */
interface Saying {
  readonly reason?: string;
  readonly wait?: boolean;
  readonly timeout: number;
  readonly expectedVersion?: number;
}

const doneText = ({ target, state, rev, actions }: Done): string[] => [
  `${target} is ${state} (rev ${rev})`,
  `possible now: ${actions.join(', ') || 'nothing'}`,
];

export function addCommanding(program: Command, surroundings: Surroundings): void {
  for (const verb of VERBS) addVerb(program, surroundings, verb);
  addApproving(program, surroundings);
  addRollback(program, surroundings);
}

function common(command: Command, reason: 'needed' | 'wanted'): Command {
  const reasoned = reason === 'needed' ? command.requiredOption(...REASON) : command.option(...REASON);
  return reasoned
    .option(...EXPECTED)
    .option(...WAIT)
    .option(...TIMEOUT);
}

function addVerb(program: Command, surroundings: Surroundings, verb: Verb): void {
  const command = program.command(verb.name).description(verb.about).argument('<id>');
  for (const argument of verb.arguments) command.addArgument(argument());
  for (const option of verb.options ?? []) command.addOption(option());
  common(command, verb.reason)
    .addHelpText('after', examples(...verb.examples))
    .action(async (id: string, ...rest: unknown[]) => {
      // Commander gives the arguments, then the options, then the command itself.
      const [options, self] = rest.slice(-2) as [Saying, Command];
      const shell = shellOf(self, surroundings);
      const body = verb.body(rest.slice(0, -2), { ...options });
      await finish(shell, await say(shell, verb.operation, id, { body, options }), options);
    });
}

interface Said {
  readonly body: object;
  readonly options: Saying;
}

function say(shell: Shell, operation: Operation, id: string, { body, options }: Said): Promise<Done> {
  const { reason } = options;
  return shell.api.call<Done>(operation, {
    path: { id },
    body: { ...body, ...(reason === undefined ? {} : { reason }) },
    headers: headersOf(options),
  });
}

function addApproving(program: Command, surroundings: Surroundings): void {
  const both = [
    ['approve', 'approve what the rollout waits for: canary or batches; never by who requested it'],
    ['reject', 'reject what the rollout waits for; it ends'],
  ] as const;
  for (const [name, about] of both) {
    const command = program
      .command(name)
      .description(about)
      .argument('<id>')
      .argument('[approval]', 'canary or batches; what is wanted now when left out');
    common(command, 'wanted')
      .addHelpText(
        'after',
        examples(
          `sluice --actor user:bo ${name} ID`,
          `sluice ${name} ID canary --reason "looked at the graphs" --wait`,
        ),
      )
      .action(async (id: string, approval: string | undefined, options: Saying, self: Command) => {
        const shell = shellOf(self, surroundings);
        const rollout = await shell.api.call<RolloutDetail>('getRollout', { path: { id } });
        const wanted = wantedOf(rollout, approval);
        if (name === 'approve') shell.err(approvingText(wanted, rollout));
        const body = name === 'approve' ? { approval: wanted, planHash: rollout.planHash } : { approval: wanted };
        await finish(shell, await say(shell, `${name}Rollout`, id, { body, options }), options);
      });
  }
}

const approvingText = (wanted: string, { app, version, group, planHash }: RolloutDetail): string =>
  `approving "${wanted}" of ${app} ${version} to ${group}, plan ${planHash}`;

function addRollback(program: Command, surroundings: Surroundings): void {
  const command = program
    .command('rollback')
    .description('restore the last success on every host that was touched; of a shift: all weights back in one publish')
    .argument('<id>');
  common(command, 'wanted')
    .addHelpText('after', examples('sluice rollback ID --reason "orders fail" --wait --timeout 10m'))
    .action(async (id: string, options: Saying, self: Command) => {
      const shell = shellOf(self, surroundings);
      const done = await say(shell, 'rollbackRollout', id, { body: {}, options });
      if (options.wait !== true) return show(shell, done, doneText);
      const rollout = await shell.api.call<RolloutDetail>('getRollout', { path: { id } });
      // Of a shift nothing has to be restored: it ends by itself once its weights are back.
      if (rollout.plan.traffic !== undefined || rollout.plan.ramp !== undefined) return finish(shell, done, options);
      const waiting = { ...shell, timeoutMs: options.timeout };
      const way = await waitForRollback(shell.api, rollout, waiting);
      const { exit, rollout: ended } = await waitForRollout(shell.api, way, waiting);
      show(shell, ended, (detail) => rolloutText(detail));
      return shell.end(exit);
    });
}

async function finish(shell: Shell, done: Done, options: Saying): Promise<void> {
  if (options.wait !== true) {
    show(shell, done, doneText);
    return;
  }
  const { exit, rollout } = await waitForRollout(shell.api, done.target, {
    ...shell,
    timeoutMs: options.timeout,
    minRev: done.rev,
  });
  show(shell, rollout, (detail) => rolloutText(detail));
  shell.end(exit);
}
