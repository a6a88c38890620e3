import type { MutantVerdict } from './mutate.js';

/** The invariant or row that a fault names, or the scenario's own words. */
const nameOf = (fault: string): string => /^(?:[IC]\d+|[A-Z]{3}-\d+)\b/.exec(fault)?.[0] ?? fault.slice(0, 60);

export const rowOf = ({ mutant, caught, by, fault, runs, ms }: MutantVerdict): string =>
  [
    caught ? 'caught  ' : 'ALIVE   ',
    mutant.id.padEnd(28),
    by.padEnd(18),
    `${runs} runs`.padEnd(9),
    `${(ms / 1_000).toFixed(1)} s`.padEnd(8),
    nameOf(fault),
  ].join(' ');

/** The same as a table for the record. */
export function markdownOf(verdicts: readonly MutantVerdict[]): string {
  const rows = verdicts.map(
    ({ mutant, caught, by, fault, runs }) =>
      `| \`${mutant.id}\` | ${mutant.breaks} | ${caught ? by : '**survived**'} | ${runs} | ${nameOf(fault).replaceAll('|', '\\|')} |`,
  );
  return ['| mutant | breaks the rule | caught by | runs | says |', '|---|---|---|---|---|', ...rows].join('\n');
}
