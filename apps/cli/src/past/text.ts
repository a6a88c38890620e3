import type { DifferencePage, FleetPage, GroupPageThen, VariableDetail, VariableDetailThen } from '@sluice/gateway';

import { instant, pairs, table } from '../output/table.js';
import { variableText } from '../output/variables.js';
import { versionsInWords } from '../output/versions.js';
import { someOf } from '../timeline/words.js';
import { momentInWords, thenText } from './moment.js';

export const groupThenText = (group: GroupPageThen): string[] => [
  ...thenText(group.at, group.notInLog),
  ...pairs([
    ['group', group.name],
    ['app', `${group.app ?? '-'} (${group.environment ?? '-'})`],
    ['running', versionsInWords(group.versions)],
    ['rollout', group.active ?? '-'],
    ['waiting', group.waiting ?? undefined],
    ...group.exclusions.map(({ host, reason }) => ['excluded', `${host}: ${reason}`] as const),
    ...group.blocked.map(({ version, reason }) => ['blocked', `${version}: ${reason}`] as const),
    ['history', someOf(group.history.map(({ version }) => version)) || '-'],
  ]),
  '',
  ...table(
    ['HOST', 'RUNNING', 'STATE', 'ROLLOUT', 'NOTE'],
    group.memberPage.items.map(({ host, running, phase, rollout, excluded }) => [
      host,
      running ?? 'not known',
      phase ?? 'left out',
      rollout,
      excluded === null ? '' : `excluded: ${excluded}`,
    ]),
  ),
];

/** Now, or at a moment. */
export type VariableAt = VariableDetail | VariableDetailThen;

export const variableAtText = (variable: VariableAt): string[] =>
  'at' in variable ? [...thenText(variable.at, variable.notInLog), ...variableText(variable)] : variableText(variable);

/** `groups`: of all pages. */
export function fleetText({ at, groups, archived, freezes, holds, dependencies }: FleetPage): string[] {
  const troubled = dependencies.filter(({ passage, forced }) => passage !== 'closed' || forced !== null);
  return [
    `the fleet as the log tells it of ${momentInWords(at)}; what hosts say themselves is not in it`,
    '',
    ...table(
      ['GROUP', 'APP', 'HOSTS', 'RUNNING', 'SUCCEEDED', 'EXCLUDED', 'ROLLOUT'],
      groups.items.map((group) => [
        group.name,
        group.app ?? '-',
        group.members,
        group.versions.map(({ version, members }) => `${version || 'not known'} x${members}`).join(', ') || '-',
        group.succeeded ?? '-',
        group.excluded,
        rolloutInWords(group),
      ]),
    ),
    ...(archived.length === 0 ? [] : ['', `only in the archive: ${someOf(archived)}`]),
    ...(freezes.length === 0 ? [] : ['', ...freezes.map(freezeInWords)]),
    ...(holds.length === 0 ? [] : ['', `legal holds: ${someOf(holds.map(({ name }) => name))}`]),
    ...(troubled.length === 0 ? [] : ['', ...troubled.map(dependencyInWords)]),
  ];
}

type Row = FleetPage['groups']['items'][number];

function rolloutInWords({ active, waiting }: Row): string {
  const behind = waiting === null ? '' : `; ${waiting} waits`;
  if (active === null) return `-${behind}`;
  return `${active.id} ${active.version} ${active.state} ${active.done}/${active.targets}${behind}`;
}

const freezeInWords = ({ scope, from, until, holds, reason }: FleetPage['freezes'][number]): string => {
  const what = scope.kind === 'all' ? 'everything' : `${scope.kind} ${scope.name}`;
  return `freeze of ${what}, ${holds ? '' : `from ${instant(from)} `}until ${instant(until)}: ${reason}`;
};

const dependencyInWords = ({ name, passage, words, forced }: FleetPage['dependencies'][number]): string =>
  `dependency ${name}: ${passage}${words === '' ? '' : `: ${words}`}${forced === null ? '' : `; forced ${forced.mode} until ${instant(forced.until)}: ${forced.reason}`}`;

const WIDEST = 60;

const inShort = (value: unknown): string => {
  if (value === undefined) return '-';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > WIDEST ? `${text.slice(0, WIDEST - 3)}...` : text;
};

export const differenceText = ({ from, to, counts, items }: DifferencePage): string[] => {
  const { added, removed, changed } = counts;
  const told = `from ${momentInWords(from)} to ${momentInWords(to)}: ${changed} changed, ${added} added, ${removed} removed`;
  if (items.length === 0) return [told];
  const left = added + removed + changed - items.length;
  return [
    told,
    '',
    ...table(
      ['WHAT', 'FROM', 'TO'],
      items.map((change) => [change.path, inShort(change.from), inShort(change.to)]),
    ),
    ...(left === 0 ? [] : [`and ${left} more: --limit`]),
  ];
};
