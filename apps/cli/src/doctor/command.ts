import type { Command } from 'commander';

import { EXIT } from '../client/exit.js';
import { durationArgument, examples, shellOf, show, type Surroundings } from '../commands/shell.js';
import type { Finding } from './finding.js';

interface Options {
  readonly nats?: string;
  readonly monitor?: string;
  readonly dataDir?: string;
  readonly listen: number;
}

export function addDoctor(program: Command, surroundings: Surroundings): void {
  program
    .command('doctor')
    .description(
      'looks at NATS, streams, services, clocks and agents, and says what to do; exit 1 if something is wrong',
    )
    .option('--nats <url>', 'where NATS listens (SLUICE_NATS_URL)')
    .option('--monitor <url>', 'its monitoring port, such as http://127.0.0.1:8222')
    .option('--data-dir <folder>', 'of `sluice up` (SLUICE_DATA_DIR; var)')
    .option('--listen <duration>', 'how long heartbeats are listened for', durationArgument, 6_000)
    .addHelpText('after', examples('sluice doctor', 'sluice doctor --nats nats://nats.example:4222 -o json'))
    .action(async (options: Options, command: Command) => {
      const shell = shellOf(command, surroundings);
      // Only this command speaks to NATS: the others start without what it needs.
      const [{ loadConfig }, { examine }] = await Promise.all([import('@sluice/config'), import('./examine.js')]);
      const config = loadConfig();
      const findings = await examine({
        api: shell.api,
        natsUrl: options.nats ?? config.natsUrl,
        config: { ...config, dataDir: options.dataDir ?? config.dataDir },
        listenMs: options.listen,
        ...(options.monitor === undefined ? {} : { monitor: options.monitor }),
        now: shell.now,
        sleep: shell.sleep,
      });
      show(shell, findings, textOf);
      if (findings.some(({ state }) => state === 'wrong')) shell.end(EXIT.error);
    });
}

const SIGN: Readonly<Record<Finding['state'], string>> = { ok: 'ok ', warning: 'hm ', wrong: 'BAD', unknown: '?  ' };

function textOf(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, state, words, todo }) => [
    `${SIGN[state]}  ${check.padEnd(width)}  ${words}`,
    ...(todo === undefined ? [] : [`     ${' '.repeat(width)}  -> ${todo}`]),
  ]);
  const bad = findings.filter(({ state }) => state === 'wrong').length;
  return [...lines, '', bad === 0 ? 'Nothing is wrong.' : `${bad} wrong.`];
}
