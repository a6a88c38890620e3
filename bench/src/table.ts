import { type BenchRatio, type BenchResult, type BenchRow, type BenchRun, isMet, median } from './benchmark.js';

/** The result as a person reads it: one row a contender, then the ratios against their goals. */
export function tableOf(result: BenchResult | BenchRun): string {
  const head = ['contender', `${result.unit} (median)`, 'rounds', 'note'];
  const rows = result.rows.map(rowOf);
  return [
    `${result.benchmark}: ${result.size}`,
    ...aligned([head, ...rows]),
    ...result.ratios.map(ratioLine),
    ...runLine(result),
    '',
  ].join('\n');
}

function ratioLine(ratio: BenchRatio): string {
  const { name, value, goal, good } = ratio;
  const bound = `${good === 'atMost' ? 'at most' : 'at least'} ${figure(goal)}`;
  return `  ratio ${name}: ${figure(value)} (goal ${bound}: ${isMet(ratio) ? 'met' : 'MISSED'})`;
}

const runLine = (result: BenchResult | BenchRun): string[] =>
  'load' in result
    ? [
        `  ${result.seconds.toFixed(0)} s; load average ${result.load.map((load) => load.toFixed(1)).join(' before, ')} after`,
      ]
    : [];

const LARGE = 100;
const figure = (value: number): string => (Math.abs(value) >= LARGE ? whole(value) : value.toFixed(2));

function rowOf({ name, rounds, note }: BenchRow): string[] {
  const middle = rounds.length === 0 ? '-' : figureOf(median(rounds));
  return [name, middle, rounds.map(figureOf).join(' '), note ?? ''];
}

/** Three digits tell enough of small figures, too. */
const figureOf = (value: number): string =>
  Math.abs(value) >= LARGE ? whole(value) : String(Number(value.toPrecision(3)));

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(cell.length, widest[i] ?? 0)),
    [],
  );
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd());
}
