import type { AppVersionsPage, Candidate, GroupVersions } from '@sluice/gateway';

import { plural, someOf } from '../timeline/words.js';
import { pairs, table } from './table.js';

const nameOf = (version: string): string => (version === '' ? 'none' : version);

/** `1.0.0 x3, 2.0.0 x1`. */
export const versionsInWords = (versions: Readonly<Record<string, number>>): string =>
  Object.entries(versions)
    .map(([version, count]) => `${nameOf(version)} x${count}`)
    .join(', ') || '-';

export const versionsText = ({ group, app, members, versions, consistent, rollout }: GroupVersions): string[] => [
  ...pairs([
    ['group', group],
    ['app', app ?? '-'],
    ['hosts', String(members)],
    ['one version', consistent ? 'yes' : `no, ${plural(versions.length, 'version')} side by side`],
    ['rollout', rollout ?? undefined],
  ]),
  '',
  ...table(
    ['VERSION', 'HOSTS', 'SERVING', 'ON'],
    versions.map(({ version, members: count, serving, hosts }) => [nameOf(version), count, serving, someOf(hosts)]),
  ),
];

export const appVersionsText = ({ app, members, versions, consistent, groups }: AppVersionsPage): string[] => [
  ...pairs([
    ['app', app],
    ['hosts', String(members)],
    ['running', versionsInWords(versions)],
    ['one version', consistent ? 'yes, in every group' : 'no'],
  ]),
  '',
  ...table(
    ['GROUP', 'HOSTS', 'RUNNING', 'ONE VERSION'],
    groups.items.map((row) => [row.group, row.members, versionsInWords(row.versions), row.consistent ? 'yes' : 'no']),
  ),
];

export const candidatesTable = (rows: readonly Candidate[]): string[] =>
  table(
    ['VERSION', 'SUCCEEDED IN', 'RUNNING ON', 'SHA256'],
    rows.map(({ version, rolloutId, running, sha256 }) => [version, rolloutId, running, sha256.slice(0, 12)]),
  );
