import { type Command, InvalidArgumentError, Option } from 'commander';

import type { At, RolloutDetail } from '@sluice/gateway';
import { formatDuration } from '@sluice/kernel';

import { durationArgument, examples, type Shell, shellOf, type Surroundings } from '../commands/shell.js';
import { tellerOf } from '../output/teller.js';
import { momentArgument } from './moment.js';
import { commitsOf, type End, replay, type Speed } from './replay.js';

interface Options {
  readonly speed: Speed;
  readonly longestPause: number;
  readonly until?: string;
}

const SLOWEST = 0.01;
const FASTEST = 1_000_000;

/** `10x`, `0.5x`; `max` waits for nothing. */
export function speedArgument(text: string): Speed {
  if (text === 'max') return text;
  const times = Number(/^(\d{1,7}(?:\.\d{1,3})?)x?$/.exec(text)?.[1] ?? Number.NaN);
  if (times >= SLOWEST && times <= FASTEST) return times;
  throw new InvalidArgumentError(`how many times as fast: 10x, 0.5x, from ${SLOWEST}x to ${FASTEST}x, or max`);
}

export function addReplay(program: Command, surroundings: Surroundings): void {
  program
    .command('replay')
    .description('play a rollout again as it went, its pauses shortened; Ctrl-C ends it')
    .argument('<id>')
    .addOption(
      new Option('--speed <times>', 'how many times as fast, or max').argParser(speedArgument).default(10, '10x'),
    )
    .addOption(
      new Option('--longest-pause <duration>', 'no pause is longer').argParser(durationArgument).default(3_000, '3s'),
    )
    .option('--until <moment>', 'stop there: a time, how long ago, or a position such as @118', momentArgument)
    .addHelpText(
      'after',
      examples(
        'sluice replay ID',
        'sluice replay ID --speed 60x --longest-pause 1s',
        'sluice replay ID --speed max --until @118',
        'sluice replay ID -o jsonl | jq .events',
      ),
    )
    .action(async (id: string, options: Options, command: Command) => {
      await play(shellOf(command, surroundings), id, options);
    });
}

async function play(shell: Shell, id: string, { speed, longestPause, until }: Options): Promise<void> {
  const end = until === undefined ? undefined : await endOf(shell, id, until);
  const teller = tellerOf(shell);
  const pace = speed === 'max' ? 'max' : `${speed}x, pauses up to ${formatDuration(longestPause)}`;
  try {
    const commits = commitsOf(shell.api, id, shell.interrupted);
    await replay(commits, { ...shell, signal: shell.interrupted }, { speed, longestPause, end }, (commit) => {
      teller.tell(commit);
      teller.live(`${new Date(commit.at).toISOString()}  @${commit.position}  ${pace}`);
    });
  } finally {
    teller.end();
  }
}

/** The API reads the moment, as it does for all others. */
async function endOf(shell: Shell, id: string, at: string): Promise<End> {
  const then = await shell.api.call<At<RolloutDetail>>('getRollout', { path: { id }, query: { at } });
  const { position = 0, time = 0 } = then.at ?? {};
  return at.startsWith('@') ? { position: Number(at.slice(1)), time: 0 } : { position, time };
}
