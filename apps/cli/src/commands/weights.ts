import type { Command } from 'commander';

import type { WeightDocument } from '@sluice/contracts';
import type { Page, WeightMove } from '@sluice/gateway';

import { instant, pairs, table } from '../output/table.js';
import { sharesInWords } from '../timeline/shift.js';
import { countArgument, examples, shellOf, show, type Surroundings } from './shell.js';

/** How the traffic of a group with two sides is shared, and who moved it. */
export function addWeights(program: Command, surroundings: Surroundings): void {
  program
    .command('weights')
    .description("how much of a group's traffic each of its sides gets; applications read the same document")
    .argument('<group>')
    .option('--history', 'who moved it, when, from what, to what and why: the newest first')
    .option('--limit <count>', 'at most so many moves (500)', countArgument, 50)
    .addHelpText(
      'after',
      examples('sluice weights search', 'sluice weights search -o json', 'sluice weights search --history --limit 5'),
    )
    .action(async (name: string, options: { history?: boolean; limit: number }, command: Command) => {
      const shell = shellOf(command, surroundings);
      const path = { name };
      if (options.history !== true) {
        show(shell, await shell.api.call<WeightDocument>('getWeights', { path }), documentText);
        return;
      }
      const call = { path, query: { limit: options.limit } };
      const { items } = await shell.api.call<Page<WeightMove>>('listWeightMoves', call);
      show(shell, items, movesTable);
    });
}

const documentText = ({ group, version, weights, rolloutId, since, by }: WeightDocument): string[] =>
  pairs([
    ['group', group],
    ['traffic', sharesInWords(weights)],
    ['version', String(version)],
    ['since', instant(since)],
    ['by', by],
    ['rollout', rolloutId ?? undefined],
  ]);

const WHY = { stage: 'the plan', manual: 'by hand', back: 'back' } as const;

export const movesTable = (rows: readonly WeightMove[]): string[] =>
  table(
    ['WHEN', 'BY', 'FROM', 'TO', 'VERSION', 'WHY', 'ROLLOUT'],
    rows.map(({ setAt, by, from, to, version, why, reason, rolloutId }) => [
      instant(setAt),
      by.id,
      from === null ? '-' : sharesInWords(from),
      sharesInWords(to),
      version ?? 'not published',
      `${WHY[why]}${reason === null ? '' : `: ${reason}`}`,
      rolloutId,
    ]),
  );
