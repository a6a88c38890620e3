import { type BenchResult, type BenchRow, median } from './benchmark.js';

/** The result as a person reads it: one row a contender, then the ratios against their goals. */
export function tableOf(result: BenchResult): string {
  const head = ['contender', `${result.unit} (median)`, 'rounds', 'note'];
  const rows = result.rows.map(rowOf);
  const ratios = result.ratios.map(({ name, value, goal }) => {
    const met = value >= goal ? 'met' : 'MISSED';
    return `  ratio ${name}: ${value.toFixed(2)} (goal ${goal.toFixed(2)}: ${met})`;
  });
  return [`${result.benchmark}: ${result.size}`, ...aligned([head, ...rows]), ...ratios, ''].join('\n');
}

function rowOf({ name, rounds, note }: BenchRow): string[] {
  const middle = rounds.length === 0 ? '-' : whole(median(rounds));
  return [name, middle, rounds.map(whole).join(' '), note ?? ''];
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(cell.length, widest[i] ?? 0)),
    [],
  );
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd());
}
