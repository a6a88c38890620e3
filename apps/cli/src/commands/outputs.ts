import type { Command } from 'commander';

import type { Page, StepOutput, TargetRow } from '@sluice/gateway';

import { CliError, EXIT } from '../client/exit.js';
import { printable } from '../output/printable.js';
import { countArgument, examples, type Shell, shellOf, show, type Surroundings } from './shell.js';

const PAGE = 200;

/** What a step wrote, without logging in to its host (MOM-06). */
export function addOutputs(program: Command, surroundings: Surroundings): void {
  program
    .command('output')
    .description('what a step of a host wrote: the last 64 KiB, asked of the host')
    .argument('<id>')
    .argument('<host>')
    .argument('[step]', 'drain, download, install, verify, enable or probe; the one that failed when it is missing')
    .option('-n, --attempt <n>', "the host's attempt in this rollout; the last one that has this step", countArgument)
    .addHelpText(
      'after',
      examples(
        'sluice output ID web-01',
        'sluice output ID web-01 verify',
        'sluice output ID web-01 install -n 1 -o json',
      ),
    )
    .action(async (...[id, host, named, { attempt }, command]: Called) => {
      const shell = shellOf(command, surroundings);
      const { step, n = attempt } = named === undefined ? await failedStep(shell, id, host) : { step: named };
      const call = { path: { id, host, step }, query: { n: attempt ?? n } };
      show(shell, await shell.api.call<StepOutput>('getStepOutput', call), outputText);
    });
}

type Called = [
  id: string,
  host: string,
  step: string | undefined,
  options: { readonly attempt?: number },
  command: Command,
];

async function failedStep(
  shell: Shell,
  id: string,
  host: string,
): Promise<{ readonly step: string; readonly n?: number }> {
  let cursor: string | undefined;
  do {
    const query = { phase: 'failed', cursor, limit: PAGE };
    const page: Page<TargetRow> = await shell.api.call('listTargets', { path: { id }, query });
    const found = page.items.find((row) => row.host === host);
    if (found?.step !== undefined) return { step: found.step, n: found.n };
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  throw new CliError(
    EXIT.usage,
    `${host} has no failed step in this rollout: say which one is wanted, such as install`,
  );
}

/** A program's own bytes may steer a terminal: what is not text is shown as a mark. */
export function outputText({ host, step, n, text, truncated }: StepOutput): readonly string[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n').map(printable);
  if (lines.at(-1) === '') lines.pop();
  const cut = truncated ? [`(the last 64 KiB of what ${step} wrote on ${host}, attempt ${n})`] : [];
  return [...cut, ...lines];
}
