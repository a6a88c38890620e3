import { loadConfig } from '@sluice/config';

import { CliError, EXIT } from '../client/exit.js';
import type { Shell } from '../commands/shell.js';
import type { AgentOptions } from './run.js';

export interface PullWishes {
  readonly pull?: boolean;
  readonly role: string;
  readonly fleet: string;
  /** ms */
  readonly every: number;
  readonly hook?: readonly string[];
  readonly once?: boolean;
}

const HOOK_TIMEOUT_MS = 10 * 60_000;
const SHORTEST_MS = 1_000;

/** The agent without NATS and apps: asks what its host is to have, keeps it, and runs a hook when it has changed. */
export async function pull(
  { host, dataDir, role, fleet, every, hook = [], once }: AgentOptions & PullWishes,
  { api, end }: Shell,
  token: string | undefined,
): Promise<void> {
  if (host === undefined) throw new CliError(EXIT.usage, '--pull needs --host: the name of this host');
  if (every < SHORTEST_MS) throw new CliError(EXIT.usage, '--every is at least 1s');
  const { runPull, toldToStop } = await import('@sluice/agent');
  const settings = loadConfig();
  const code = await runPull(
    {
      ...{ url: api.url, host, role, fleet, hook, token },
      ...{ dataDir: dataDir ?? settings.dataDir, everyMs: every, hookTimeoutMs: HOOK_TIMEOUT_MS },
      ...{ once: once === true, logLevel: settings.logLevel },
    },
    toldToStop(),
  );
  if (code !== 0) end(EXIT.error);
}
