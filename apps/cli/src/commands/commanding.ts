import { type Command, Option } from 'commander';

import type { ApprovalName } from '@sluice/contracts';
import type { Done, RolloutDetail } from '@sluice/gateway';

import { CliError, EXIT } from '../client/exit.js';
import type { Operation } from '../client/operations.js';
import { waitForRollback, waitForRollout } from '../client/outcome.js';
import { rolloutText } from '../output/rollouts.js';
import { countArgument, REASON, type Shell, shellOf, show, type Surroundings, TIMEOUT } from './shell.js';

interface Waiting {
  readonly reason?: string;
  readonly wait?: boolean;
  readonly timeout: number;
}

const WAIT = ['--wait', 'until the rollout has ended (0 succeeded, 6 not) or waits for a person (7)'] as const;

const doneText = ({ target, state, actions }: Done): string[] => [
  `${target} is ${state}`,
  `possible now: ${actions.join(', ') || 'nothing'}`,
];

async function say(shell: Shell, operation: Operation, id: string, body: object): Promise<Done> {
  return shell.api.call<Done>(operation, { path: { id }, body });
}

const SIMPLE = {
  pause: 'admit nothing more until resume',
  resume: 'go on after a pause, or after a brake while the budget is free',
  retry: 'do failed and unknown hosts again',
  cancel: 'let what is in a step settle, then end',
  proceed: 'let the next batch go (manual mode)',
  close: 'give up a failed rollout and let its group go',
} as const;

export function addCommanding(program: Command, surroundings: Surroundings): void {
  for (const [verb, about] of Object.entries(SIMPLE) as [keyof typeof SIMPLE, string][]) {
    program
      .command(verb)
      .description(about)
      .argument('<id>')
      .option(...REASON)
      .action(async (id: string, options: { reason?: string }, command: Command) => {
        const shell = shellOf(command, surroundings);
        show(shell, await say(shell, `${verb}Rollout`, id, options), doneText);
      });
  }
  addApproving(program, surroundings);
  addRollback(program, surroundings);
  addFailures(program, surroundings);
  addSteering(program, surroundings);
}

function addApproving(program: Command, surroundings: Surroundings): void {
  program
    .command('approve')
    .description('approve what the rollout waits for: canary or batches')
    .argument('<id>')
    .argument('[approval]', 'canary or batches; what is wanted now when left out')
    .option(...REASON)
    .option(...WAIT)
    .option(...TIMEOUT)
    .addHelpText(
      'after',
      '\nWho requested a rollout cannot approve it:\n  sluice --actor user:bo approve r07-... canary --reason "graphs are flat"\n',
    )
    .action(async (id: string, approval: string | undefined, options: Waiting, command: Command) => {
      const shell = shellOf(command, surroundings);
      const rollout = await shell.api.call<RolloutDetail>('getRollout', { path: { id } });
      const name = wantedOf(rollout, approval);
      shell.err(
        `approving "${name}" of ${rollout.app} ${rollout.version} to ${rollout.group}, plan ${rollout.planHash}`,
      );
      const body = { approval: name, planHash: rollout.planHash, ...reasonOf(options) };
      await finish(shell, await say(shell, 'approveRollout', id, body), options);
    });

  program
    .command('reject')
    .description('reject what the rollout waits for; it ends')
    .argument('<id>')
    .argument('[approval]')
    .option(...REASON)
    .action(async (id: string, approval: string | undefined, options: { reason?: string }, command: Command) => {
      const shell = shellOf(command, surroundings);
      const rollout = await shell.api.call<RolloutDetail>('getRollout', { path: { id } });
      show(
        shell,
        await say(shell, 'rejectRollout', id, { approval: wantedOf(rollout, approval), ...options }),
        doneText,
      );
    });
}

function addRollback(program: Command, surroundings: Surroundings): void {
  program
    .command('rollback')
    .description('restore the last success on every host that was touched')
    .argument('<id>')
    .option(...REASON)
    .option(...WAIT)
    .option(...TIMEOUT)
    .action(async (id: string, options: Waiting, command: Command) => {
      const shell = shellOf(command, surroundings);
      const done = await say(shell, 'rollbackRollout', id, reasonOf(options));
      if (options.wait !== true) return show(shell, done, doneText);
      const rollout = await shell.api.call<RolloutDetail>('getRollout', { path: { id } });
      const waiting = { ...shell, timeoutMs: options.timeout };
      const way = await waitForRollback(shell.api, rollout, waiting);
      const { exit, rollout: ended } = await waitForRollout(shell.api, way, waiting);
      show(shell, ended, rolloutText);
      return shell.end(exit);
    });
}

async function finish(shell: Shell, done: Done, options: Waiting): Promise<void> {
  if (options.wait !== true) {
    show(shell, done, doneText);
    return;
  }
  const { exit, rollout } = await waitForRollout(shell.api, done.target, {
    ...shell,
    timeoutMs: options.timeout,
    minRev: done.rev,
  });
  show(shell, rollout, rolloutText);
  shell.end(exit);
}

const reasonOf = ({ reason }: Waiting): { reason?: string } => (reason === undefined ? {} : { reason });

const isApproval = (text: string): text is ApprovalName => text === 'canary' || text === 'batches';

function wantedOf(rollout: RolloutDetail, approval: string | undefined): ApprovalName {
  const name = approval ?? rollout.wanted;
  if (name === undefined) {
    throw new CliError(
      EXIT.conflict,
      `rollout ${rollout.id} is ${rollout.state} and waits for no approval; possible now: ${rollout.actions.join(', ') || 'nothing'}`,
    );
  }
  if (!isApproval(name)) throw new CliError(EXIT.usage, `"${name}" is no approval: canary or batches`);
  return name;
}

function addFailures(program: Command, surroundings: Surroundings): void {
  program
    .command('skip')
    .description('leave a failed host behind, if it runs the version already')
    .argument('<id>')
    .argument('<host>')
    .option(...REASON)
    .action(async (id: string, host: string, options: { reason?: string }, command: Command) => {
      const shell = shellOf(command, surroundings);
      show(shell, await say(shell, 'skipRollout', id, { host, ...options }), doneText);
    });

  program
    .command('waive')
    .description('let a host serve though its verify failed')
    .argument('<id>')
    .argument('<host>')
    .requiredOption(...REASON)
    .action(async (id: string, host: string, options: { reason: string }, command: Command) => {
      const shell = shellOf(command, surroundings);
      show(shell, await say(shell, 'waiveRollout', id, { host, ...options }), doneText);
    });

  program
    .command('override')
    .description('take on more failures, for this rollout only')
    .argument('<id>')
    .argument('<failures>', 'how many more', countArgument)
    .requiredOption(...REASON)
    .action(async (id: string, extraFailures: number, options: { reason: string }, command: Command) => {
      const shell = shellOf(command, surroundings);
      show(shell, await say(shell, 'overrideRollout', id, { extraFailures, ...options }), doneText);
    });
}

function addSteering(program: Command, surroundings: Surroundings): void {
  program
    .command('mode')
    .description('automatic, or a person lets each batch go')
    .argument('<id>')
    .argument('<mode>', 'automatic or manual')
    .option(...REASON)
    .action(async (id: string, mode: string, options: { reason?: string }, command: Command) => {
      const shell = shellOf(command, surroundings);
      show(shell, await say(shell, 'modeRollout', id, { mode, ...options }), doneText);
    });

  program
    .command('interval')
    .description('change the waits between batches')
    .argument('<id>')
    .addOption(new Option('--interval <duration>', 'before batch 2 and each later one'))
    .addOption(new Option('--tail <duration>', 'before batch 3 and each later one, or from tailFrom on'))
    .option(...REASON)
    .action(async (id: string, options: { interval?: string; tail?: string; reason?: string }, command: Command) => {
      const shell = shellOf(command, surroundings);
      const { tail, ...rest } = options;
      show(
        shell,
        await say(shell, 'intervalRollout', id, { ...rest, ...(tail === undefined ? {} : { tailInterval: tail }) }),
        doneText,
      );
    });
}
