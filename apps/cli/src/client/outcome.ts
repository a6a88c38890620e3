import type { Page, RolloutDetail } from '@sluice/gateway';

import type { Api } from './api.js';
import { CliError, EXIT, type ExitCode } from './exit.js';

type Summary = Pick<RolloutDetail, 'id' | 'state' | 'rollbackOf' | 'group'>;

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** The read model may lag behind the command that was answered. */
  readonly minRev?: number;
}

const POLL_MS = 300;

const EXIT_OF_STATE: Readonly<Record<string, ExitCode>> = {
  succeeded: EXIT.ok,
  failed: EXIT.failed,
  cancelled: EXIT.failed,
  closed: EXIT.failed,
  braked: EXIT.waiting,
  paused: EXIT.waiting,
  'awaiting-approval': EXIT.waiting,
};

/** Where a script stands: the rollout has ended, or it waits for a person. Code 8 when neither came in time. */
export async function waitForRollout(
  api: Api,
  id: string,
  options: WaitOptions,
): Promise<{ exit: ExitCode; rollout: RolloutDetail }> {
  const rollout = await poll(options, `rollout ${id} has not ended`, async () => {
    const detail = await known(api.call<RolloutDetail>('getRollout', { path: { id } }));
    if (detail === undefined || detail.rev < (options.minRev ?? 0)) return undefined;
    return EXIT_OF_STATE[detail.state] === undefined && !detail.awaitsProceed ? undefined : detail;
  });
  return { exit: EXIT_OF_STATE[rollout.state] ?? EXIT.waiting, rollout };
}

/** The rollout that takes another one back: it is planned a moment after it was ordered. */
export async function waitForRollback(api: Api, of: RolloutDetail, options: WaitOptions): Promise<string> {
  const found = await poll(options, `the rollback of ${of.id} was not planned`, async () => {
    const page = await api.call<Page<Summary>>('listRollouts', { query: { group: of.group, limit: 20 } });
    return page.items.find(({ rollbackOf }) => rollbackOf === of.id);
  });
  return found.id;
}

/** Undefined while the read model does not know it yet. */
async function known<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof CliError && error.exit === EXIT.notFound) return undefined;
    throw error;
  }
}

async function poll<T>(
  { timeoutMs, now, sleep }: WaitOptions,
  what: string,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (now() >= deadline)
      throw new CliError(
        EXIT.timeout,
        `${what} within ${timeoutMs} ms; it goes on: look again with \`sluice get\` or \`sluice watch\``,
      );
    await sleep(POLL_MS);
  }
}
