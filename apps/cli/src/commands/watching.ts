import type { Command } from 'commander';

import type { CommitView } from '@sluice/gateway';

import { EXIT, type ExitCode } from '../client/exit.js';
import { liveEvents } from '../client/live.js';
import { tellerOf } from '../output/teller.js';
import { formatLine, Timeline } from '../timeline/timeline.js';
import { durationArgument, examples, type Shell, shellOf, showNext, type Surroundings } from './shell.js';

const PAGE = 200;

export function addWatching(program: Command, surroundings: Surroundings): void {
  program
    .command('history')
    .description('what happened, who decided it, and why')
    .argument('<id>')
    .addHelpText('after', examples('sluice history ID', 'sluice history ID -o jsonl | jq .events'))
    .action(async (id: string, _options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      await history(shell, id);
    });

  program
    .command('watch')
    .description('the history, then what happens, until the rollout has ended (exit 0 succeeded, 6 not, 8 timeout)')
    .argument('<id>')
    .option('--timeout <duration>', 'give up after so long', durationArgument)
    .addHelpText('after', examples('sluice watch ID', 'sluice watch ID --timeout 30m | tee rollout.log'))
    .action(async (id: string, options: { timeout?: number }, command: Command) => {
      const shell = shellOf(command, surroundings);
      shell.end(await watch(shell, id, options.timeout));
    });
}

async function history(shell: Shell, id: string): Promise<void> {
  const timeline = new Timeline();
  let after = 0;
  for (let more = true; more;) {
    const page = await shell.api.call<{ items: CommitView[]; next: number | null }>('listEvents', {
      path: { id },
      query: { after, limit: PAGE },
    });
    for (const commit of page.items) showNext(shell, commit, () => timeline.add(commit).map(formatLine));
    more = page.next !== null;
    after = page.next ?? after;
  }
}

async function watch(shell: Shell, id: string, timeoutMs: number | undefined): Promise<ExitCode> {
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const signal = timeout === undefined ? shell.interrupted : AbortSignal.any([shell.interrupted, timeout]);
  const teller = tellerOf(shell);
  let ended: ExitCode | undefined;
  let isLive = false;
  try {
    for await (const event of liveEvents(shell.api, id, { signal, sleep: shell.sleep })) {
      if (event.kind === 'live') isLive = true;
      else {
        teller.tell(event.commit);
        ended = endOf(event.commit, ended);
      }
      if (isLive) teller.live();
      // Its past may hold an end that a retry took back: only what stands when it is live counts.
      if (isLive && ended !== undefined) return ended;
    }
  } finally {
    teller.end();
  }
  return timeout?.aborted === true ? EXIT.timeout : EXIT.ok;
}

function endOf(commit: CommitView, before: ExitCode | undefined): ExitCode | undefined {
  let ended = before;
  for (const { type } of commit.events) {
    if (type === 'RolloutSucceeded') ended = EXIT.ok;
    if (type === 'RolloutFailed' || type === 'RolloutCancelled' || type === 'RequestRefused') ended = EXIT.failed;
    if (type === 'RetryOrdered' || type === 'SkipOrdered') ended = undefined;
  }
  return ended;
}
