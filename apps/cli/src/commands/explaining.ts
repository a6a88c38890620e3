import { type Command, InvalidArgumentError } from 'commander';

import { DECISION_KINDS, type DecisionKind } from '@sluice/contracts';
import type { GateAgain } from '@sluice/decisions';
import type { Page, RolloutDetail, VerdictView } from '@sluice/gateway';
import type { GateScore } from '@sluice/gating';

import { EXIT } from '../client/exit.js';
import { askedOf, explainRollout } from '../explain/rollout.js';
import { type Explained, explain, explainedText } from '../output/verdicts.js';
import { table } from '../output/table.js';
import { explainVariable } from './variables.js';
import { countArgument, examples, type Shell, shellOf, show, showNext, type Surroundings } from './shell.js';

const PAGE = 100;

interface Options {
  readonly fleet: string;
  readonly at?: string;
  readonly gate?: string;
  readonly kind?: ReadonlySet<DecisionKind>;
  readonly position?: number;
  readonly verify?: boolean;
  readonly limit: number;
  readonly source?: string;
  readonly nats?: string;
  readonly archive?: string;
}

/** Why a rollout went as it did, from what its decisions recorded. */
export function addExplaining(program: Command, surroundings: Surroundings): void {
  program
    .command('explain')
    .description(
      'why a rollout went as it did: each decision with its rule, numbers and arithmetic; or why a host is to have a value of a variable',
    )
    .argument('<id>', 'a rollout, ID:REV for one commit of it, ID:REV.INDEX for one decision; or a host')
    .argument('[variable]', 'of the host')
    .option('--kind <kinds>', `only these, such as brake,admission; of ${DECISION_KINDS.join(', ')}`, kindsArgument)
    .option('--gate <name>', 'only verdicts of this gate, with all that it was judged on')
    .option('--position <position>', 'what stood at that log position, and why nothing went on then', countArgument)
    .option(
      '--verify',
      'decide each again from what was recorded, here and not in the server (exit 9 when one differs)',
    )
    .option('--source <path>', 'read an archive or an export, not the API')
    .option('--nats <url>', 'read the live log as it lies there, not the API')
    .option('--archive <folder>', 'what was moved from the live log into that archive, put before it')
    .option('--at <time>', 'of a variable: at this time, such as 2026-01-31T12:00:00Z')
    .option('--fleet <name>', 'of the host', 'default')
    .option('--limit <count>', 'at most so many, the first ones', countArgument, 10_000)
    .addHelpText(
      'after',
      examples(
        'sluice explain ID',
        'sluice explain ID --kind brake,release',
        'sluice explain ID:12',
        'sluice explain ID --position 118',
        'sluice explain ID --verify',
        'sluice explain ID --verify --source var/archive',
        'sluice explain ID --gate errors --verify -o json',
        'sluice explain host-17 docker --at 2026-01-31T12:00:00Z',
      ),
    )
    .action((id: string, name: string | undefined, options: Options, command: Command) =>
      explaining(shellOf(command, surroundings), options, { id, name }),
    );

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

async function explaining(
  shell: Shell,
  options: Options,
  { id, name }: { readonly id: string; readonly name: string | undefined },
): Promise<void> {
  if (name !== undefined) return explainVariable(shell, { host: id, name, ...options });
  if (options.gate !== undefined) return explainGate(shell, id, options);
  const { kind, ...rest } = options;
  return explainRollout(shell, askedOf(id), { ...rest, ...(kind === undefined ? {} : { kinds: kind }) });
}

function kindsArgument(text: string): ReadonlySet<DecisionKind> {
  const kinds = text.split(',').map((kind) => kind.trim());
  const wrong = kinds.find((kind) => !DECISION_KINDS.some((known) => known === kind));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is none of ${DECISION_KINDS.join(', ')}`);
  return new Set(kinds as readonly DecisionKind[]);
}

/** All that one gate said, each verdict with what was asked and found. */
async function explainGate(shell: Shell, id: string, options: Options): Promise<void> {
  const { plan } = await shell.api.call<RolloutDetail>('getRollout', { path: { id } });
  const tally = { verdicts: 0, altered: 0 };
  for await (const verdict of verdictsOf(shell, id, options)) {
    const explained = explain(verdict, plan, options.verify === true);
    tally.verdicts += 1;
    tally.altered += explained.verified?.same === false ? 1 : 0;
    tell(shell, explained);
  }
  if (shell.format === 'table') for (const line of tallyText(tally, options)) shell.out(line);
  if (tally.altered > 0) shell.end(EXIT.altered);
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

const verifiedOf = ({ verified }: Explained): { readonly verified?: GateAgain } =>
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
