import type { Command } from 'commander';

import type { Page, RolloutDetail, VerdictView } from '@sluice/gateway';
import type { GateScore } from '@sluice/gating';

import { EXIT } from '../client/exit.js';
import { type Explained, explain, explainedText, type VerifiedVerdict } from '../output/verdicts.js';
import { table } from '../output/table.js';
import { explainVariable } from './variables.js';
import { countArgument, examples, type Shell, shellOf, show, showNext, type Surroundings } from './shell.js';

const PAGE = 100;

interface Options {
  readonly fleet: string;
  readonly at?: string;
  readonly gate?: string;
  readonly verify?: boolean;
  readonly limit: number;
}

/** Why gates decided as they did, from what they recorded. */
export function addExplaining(program: Command, surroundings: Surroundings): void {
  program
    .command('explain')
    .description(
      'what the gates of a rollout judged, with the arithmetic in words; or why a host is to have a value of a variable',
    )
    .argument('<id>', 'a rollout, or a host')
    .argument('[variable]', 'of the host')
    .option('--at <time>', 'of the variable: at this time, such as 2026-01-31T12:00:00Z')
    .option('--fleet <name>', 'of the host', 'default')
    .option('--gate <name>', 'only this one')
    .option('--verify', 'decide each verdict again from its recorded inputs alone, here (exit 9 when one differs)')
    .option('--limit <count>', 'at most so many verdicts, the first ones', countArgument, 10_000)
    .addHelpText(
      'after',
      examples(
        'sluice explain ID',
        'sluice explain ID --gate errors --verify',
        'sluice explain ID --verify -o json',
        'sluice explain host-17 docker --at 2026-01-31T12:00:00Z',
      ),
    )
    .action(async (id: string, name: string | undefined, options: Options, command: Command) => {
      const shell = shellOf(command, surroundings);
      if (name !== undefined) return explainVariable(shell, { host: id, name, ...options });
      const { plan } = await shell.api.call<RolloutDetail>('getRollout', { path: { id } });
      const tally = { verdicts: 0, altered: 0 };
      for await (const verdict of verdictsOf(shell, id, options)) {
        const explained = explain(verdict, plan, options.verify === true);
        tally.verdicts += 1;
        tally.altered += explained.verified?.same === false ? 1 : 0;
        tell(shell, explained);
      }
      if (shell.format === 'table') for (const line of tallyText(tally, options)) shell.out(line);
      return tally.altered > 0 ? shell.end(EXIT.altered) : undefined;
    });

  program
    .command('gates')
    .description('what gates that only record would have done, against how the rollouts ended')
    .addHelpText('after', examples('sluice gates', 'sluice gates -o json'))
    .action(async (_options: object, command: Command) => {
      const shell = shellOf(command, surroundings);
      const { items } = await shell.api.call<{ items: GateScore[] }>('getGateScoreboard');
      show(shell, items, scoresTable);
    });
}

async function* verdictsOf(shell: Shell, id: string, { gate, limit }: Options): AsyncGenerator<VerdictView> {
  let cursor: string | undefined;
  let left = limit;
  do {
    const query = { gate, cursor, limit: Math.max(1, Math.min(PAGE, left)) };
    const page: Page<VerdictView> = await shell.api.call('listVerdicts', { path: { id }, query });
    yield* page.items.slice(0, left);
    left -= page.items.length;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && left > 0);
}

const tell = (shell: Shell, explained: Explained): void =>
  showNext(shell, { ...explained.verdict, ...verifiedOf(explained) }, () => [...explainedText(explained), '']);

const verifiedOf = ({ verified }: Explained): { readonly verified?: VerifiedVerdict } =>
  verified === undefined ? {} : { verified };

function tallyText({ verdicts, altered }: { verdicts: number; altered: number }, { verify }: Options): string[] {
  if (verdicts === 0) return ['no gate has judged anything'];
  if (verify !== true) return [`${verdicts} verdicts; --verify decides them again from what they recorded`];
  return altered === 0
    ? [`${verdicts} verdicts decided again: the same, byte for byte`]
    : [`${verdicts} verdicts decided again: ${altered} DIFFER from what is recorded`];
}

const percent = (share: number | undefined): string => (share === undefined ? '-' : `${Math.round(share * 100)} %`);

const scoresTable = (rows: readonly GateScore[]): string[] =>
  rows.length === 0
    ? ['no gate that only records (onFail: record) has seen the end of a rollout']
    : table(
        ['GATE', 'CAUGHT', 'FALSE ALARMS', 'MISSED', 'PASSED', 'UNDECIDED', 'ALARMS RIGHT', 'BAD ONES SEEN'],
        rows.map(({ gate, caught, falseAlarms, missed, passed, undecided, precision, recall }) => [
          ...[gate, caught, falseAlarms, missed, passed, undecided],
          percent(precision),
          percent(recall),
        ]),
      );
