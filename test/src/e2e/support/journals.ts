import { readFileSync } from 'node:fs';

interface Line {
  readonly t: string;
  readonly attempt?: string;
  readonly step?: string;
  readonly run?: { readonly attempt: string; readonly rollout: string };
}

/** How often each step of a rollout was begun on a host, as its agent's journal says: `install` -> 1. */
export function begunSteps(journal: string, rollout: string): Readonly<Record<string, number>> {
  // A line that is being written has no end yet.
  const lines = readFileSync(journal, 'utf8').split('\n').slice(0, -1);
  const records = lines.map((line) => JSON.parse(line) as Line);
  const attempts = new Set(records.flatMap(({ run }) => (run?.rollout === rollout ? [run.attempt] : [])));
  const begun: Record<string, number> = {};
  for (const { t, attempt = '', step = '' } of records)
    if (t === 'began' && attempts.has(attempt)) begun[step] = (begun[step] ?? 0) + 1;
  return begun;
}
