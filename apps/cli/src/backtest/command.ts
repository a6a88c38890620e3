import {
  type Amount,
  backtest,
  type BacktestReport,
  backtestWords,
  brokenLimits,
  type CandidatePolicy,
  parsePolicy,
  type PolicyLimits,
  resultWords,
} from '@sluice/backtest';
import { messageOf } from '@sluice/kernel';
import { type Command, InvalidArgumentError } from 'commander';
import { parse } from 'yaml';

import { progressOn } from '../audit/verify.js';
import { timeOf } from '../audit/time.js';
import { reading, type SourceOptions, withSource } from '../audit/source.js';
import { CliError, EXIT } from '../client/exit.js';
import { countArgument, examples, type Shell, shellOf, show, type Surroundings } from '../commands/shell.js';

interface Options extends SourceOptions {
  readonly policy: string;
  readonly since?: number;
  readonly until?: number;
  readonly infer?: boolean;
  readonly limit: number;
  readonly ci?: boolean;
  readonly maxFalseAlarms?: number;
  readonly minRecall?: number;
  readonly minPrecision?: number;
  readonly maxUnknown?: Amount;
  readonly notWorse?: boolean;
}

/** A policy tried on what the log remembers, without any service: it reads, and asks nobody. */
export function addBacktest(program: Command, surroundings: Surroundings): void {
  withSource(
    program
      .command('backtest')
      .description('what a brake or gate policy would have done to the rollouts of the past, against the live one'),
  )
    .requiredOption('--policy <file>', 'the candidate, YAML or JSON (docs/backtest.md); - reads the standard input')
    .option(
      '--since <time>',
      'rollouts planned from then on: 30d ago (`30d`), or a time (2026-01-31T12:00:00Z)',
      timeArgument(surroundings),
    )
    .option('--until <time>', 'rollouts planned before then', timeArgument(surroundings))
    .option('--infer', 'rollouts without a label count as bad when they failed or were rolled back, as good when not')
    .option('--limit <count>', 'list at most so many rollouts that differ', countArgument, 20)
    .option('--ci', 'exit 6 when it is worse than these limits; without any, when it is worse than the live policy')
    .option('--max-false-alarms <count>', 'good rollouts that it may stop', countArgument)
    .option('--min-recall <share>', 'of the bad ones it stops, 0 to 1; unknown ones count as missed', shareArgument)
    .option('--min-precision <share>', 'of its alarms, those that are right, 0 to 1', shareArgument)
    .option('--max-unknown <amount>', 'rollouts of which nobody can tell, a number or a share as 10%', amountArgument)
    .option('--not-worse', 'no more false alarms and no fewer bad ones stopped than by the live policy')
    .addHelpText('after', examples(...EXAMPLES))
    .action(async (source: string | undefined, options: Options, command: Command) => {
      const shell = shellOf(command, surroundings);
      await run(shell, source, options);
    });
}

const EXAMPLES = [
  'sluice backtest --policy stricter.yaml --since 90d',
  'sluice backtest var/archive --policy stricter.yaml --infer',
  'sluice backtest export.jsonl.gz --policy stricter.yaml --ci --max-false-alarms 2 --min-recall 0.9',
];

async function run(shell: Shell, source: string | undefined, options: Options): Promise<void> {
  const { since, until, infer } = options;
  const limits = limitsOf(options);
  if (limits !== undefined && options.ci !== true)
    throw new CliError(EXIT.usage, 'limits are for --ci: add it, or leave them out');
  const policy = await policyIn(shell, options.policy);
  const report = await reading(source, options, (log) =>
    backtest(log.read(), policy, {
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      ...(infer === undefined ? {} : { infer }),
      progress: progressOn(shell),
    }),
  );
  const broken = options.ci === true ? brokenLimits(report, limits ?? { notWorse: true }) : [];
  show(shell, options.ci === true ? { ...report, broken } : report, () => textOf(report, broken, options));
  if (broken.length > 0) shell.end(EXIT.failed);
}

function limitsOf(options: Options): PolicyLimits | undefined {
  const { maxFalseAlarms, minRecall, minPrecision, maxUnknown, notWorse } = options;
  const limits: PolicyLimits = {
    ...(maxFalseAlarms === undefined ? {} : { maxFalseAlarms }),
    ...(minRecall === undefined ? {} : { minRecall }),
    ...(minPrecision === undefined ? {} : { minPrecision }),
    ...(maxUnknown === undefined ? {} : { maxUnknown }),
    ...(notWorse === undefined ? {} : { notWorse }),
  };
  return Object.keys(limits).length === 0 ? undefined : limits;
}

async function policyIn(shell: Shell, file: string): Promise<CandidatePolicy> {
  const parsed = parsePolicy(yamlOf(await shell.readText(file), file), file);
  if (parsed.ok) return parsed.policy;
  const lines = parsed.faults.map(({ path, message }) => `  ${path === '' ? 'the document' : path}: ${message}`);
  throw new CliError(EXIT.usage, [`${file} is no policy:`, ...lines].join('\n'));
}

function yamlOf(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new CliError(EXIT.usage, `${file} is no YAML: ${messageOf(error)}`);
  }
}

function textOf(report: BacktestReport, broken: readonly string[], { limit, ci }: Options): readonly string[] {
  const shown = report.changed.slice(0, limit);
  const more = report.changed.length + report.more - shown.length;
  return [
    ...backtestWords(report),
    ...(shown.length === 0 ? [] : ['']),
    ...shown.flatMap(resultWords),
    ...(more === 0 ? [] : [`and ${more} more that differ (--limit, or -o json)`]),
    ...(ci === true ? ['', ...verdictOf(broken)] : []),
  ];
}

const verdictOf = (broken: readonly string[]): readonly string[] =>
  broken.length === 0 ? ['ok: within all limits'] : broken.map((words) => `BROKEN: ${words}`);

const timeArgument =
  ({ now }: Surroundings) =>
  (text: string): number => {
    try {
      return timeOf(text, now());
    } catch (error) {
      throw error instanceof InvalidArgumentError ? error : new InvalidArgumentError(messageOf(error));
    }
  };

function shareArgument(text: string): number {
  const share = Number(text);
  if (text.trim() === '' || !(share >= 0 && share <= 1))
    throw new InvalidArgumentError('a share from 0 to 1 is wanted');
  return share;
}

function amountArgument(text: string): Amount {
  const [, digits, percent] = /^(\d{1,9})(%?)$/.exec(text) ?? [];
  if (digits === undefined || (percent === '%' && Number(digits) > 100))
    throw new InvalidArgumentError('a whole number, or a share such as 10%, is wanted');
  return percent === '%' ? { kind: 'percent', percent: Number(digits) } : { kind: 'count', count: Number(digits) };
}
