import type {
  VariableDetail,
  VariableDetailThen,
  VariableExplanation,
  VariableSeries,
  VariableSummary,
} from '@sluice/gateway';

import { instant, pairs, table } from './table.js';

const percent = (fraction: number): string => `${Number((fraction * 100).toFixed(1))}%`;

const HOUR_MS = 3_600_000;

const span = (ms: number): string => {
  if (ms >= 48 * HOUR_MS) return `${Number((ms / (24 * HOUR_MS)).toFixed(1))}d`;
  if (ms >= 2 * HOUR_MS) return `${Number((ms / HOUR_MS).toFixed(1))}h`;
  return ms >= 120_000 ? `${Number((ms / 60_000).toFixed(1))}m` : `${Number((ms / 1_000).toFixed(1))}s`;
};

export const variablesTable = (rows: readonly VariableSummary[]): string[] =>
  table(
    ['FLEET', 'VARIABLE', 'STATE', 'RAMP', 'FROM', 'HOSTS', 'TO', 'HOSTS', 'OTHER'],
    rows.map(({ fleet, name, phase, fraction, spec, counts }) => [
      fleet,
      name,
      phase,
      percent(fraction),
      String(spec.from),
      counts.from,
      String(spec.to),
      counts.to,
      counts.other,
    ]),
  );

export function variableText(variable: VariableDetail | VariableDetailThen): string[] {
  const { fleet, name, spec, phase, counts, fraction, activeMs, durationMs, reported, stopped, pins } = variable;
  const facts = pairs([
    ['variable', `${name} of fleet ${fleet}, version ${variable.version} (rev ${variable.rev})`],
    ['state', `${phase}, ${percent(fraction)} of the ramp: ${span(activeMs)} of ${span(durationMs)}`],
    ['stopped', stopped === null ? undefined : stopped.words],
    ['hosts', countsInWords(variable)],
    ['next', variable.nextAt === null ? undefined : instant(variable.nextAt)],
    [
      'reported',
      reported === null
        ? undefined
        : `${reported.same} as wanted, ${reported.other} not yet, ${reported.silent} say nothing`,
    ],
    ['pins', pins.length === 0 ? undefined : pins.map(({ host, value }) => `${host}=${String(value)}`).join(' ')],
    ['at' in variable ? 'possible then' : 'possible now', variable.actions.join(', ')],
  ]);
  const rows = variable.roles.map(({ role, hosts, from, to, other, limit }) => [role, hosts, from, to, other, limit]);
  const [old, news] = [String(spec.from), String(spec.to)];
  const roles = table(['ROLE', 'HOSTS', old, news, 'OTHER', 'LIMIT'], rows);
  return counts.from + counts.to + counts.other === 0 ? facts : [...facts, '', ...roles];
}

const countsInWords = ({ counts: { from, to, other }, spec }: VariableSummary): string =>
  `${from} at ${String(spec.from)}, ${to} at ${String(spec.to)}${other === 0 ? '' : `, ${other} pinned to something else`}`;

export function explanationText({ words, at, given, role, version, rule, fraction }: VariableExplanation): string[] {
  return [
    words,
    ...pairs([
      ['at', instant(at)],
      ['rule', `${rule}; version ${version}, ${percent(fraction)} of the ramp`],
      ['given', given.at === 0 ? undefined : `${instant(given.at)} at ${percent(given.fraction)}`],
      ['by', given.by === undefined ? undefined : `${given.by.kind}:${given.by.id}`],
      [
        'role',
        role &&
          `${role.name}: place ${role.rank} of ${role.hosts}; the line asks for ${role.asked}, the limit is ${role.limit}, ${role.to} have it`,
      ],
    ]),
  ];
}

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

const OLD = 'o';
const NEW = '#';
const BOTH = '*';

/** The counts as lines of characters: the old one falls, the new one rises. */
export function chartText(
  series: VariableSeries,
  { spec, name }: Pick<VariableSummary, 'spec' | 'name'>,
  { width, height }: ChartSize,
): string[] {
  const { points } = series;
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return [`${name}: nothing to show`];
  const most = Math.max(1, ...points.map(({ from, to, other }) => from + to + other));
  const margin = String(most).length;
  const columns = Math.max(10, Math.min(points.length, width - margin - 3));
  const cells = Array.from({ length: height }, () => Array.from({ length: columns }, () => ' '));
  const rowOf = (count: number): number => height - 1 - Math.round((count * (height - 1)) / most);
  for (let column = 0; column < columns; column += 1) {
    const point = points[Math.round((column * (points.length - 1)) / Math.max(1, columns - 1))] ?? last;
    // Nobody was there yet, or nobody had defined it.
    if (point.from + point.to + point.other === 0) continue;
    const [old, news] = [rowOf(point.from), rowOf(point.to)];
    const put = (row: number, mark: string): void => void cells[row]?.splice(column, 1, mark);
    put(old, OLD);
    put(news, old === news ? BOTH : NEW);
  }
  const labelOf = (row: number): string => (row === 0 ? String(most) : row === height - 1 ? '0' : '');
  return [
    `${name}: ${OLD} ${String(spec.from)}  ${NEW} ${String(spec.to)}`,
    ...cells.map((row, i) => `${labelOf(i).padStart(margin)} |${row.join('').trimEnd()}`),
    `${' '.repeat(margin)} +${'-'.repeat(columns)}`,
    `${' '.repeat(margin)}  ${instant(first.at)} to ${instant(last.at)}: ${last.from} at ${String(spec.from)}, ${last.to} at ${String(spec.to)}`,
  ];
}
