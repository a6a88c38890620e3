import type { InventoryUsed, Plan, PlanPreview, Profile } from '@sluice/contracts';
import type { At, GroupPage, GroupSummary, RolloutDetail, RolloutReport, TargetRow } from '@sluice/gateway';

import { driftsInWords } from '../timeline/members.js';
import { brakeInWords, countsInWords, inventoryInWords, someOf } from '../timeline/words.js';
import { rampPlanInWords } from '../timeline/ramp.js';
import { shiftPlanInWords } from '../timeline/shift.js';
import { lengthOf } from '../timeline/time.js';
import { rampRows, shareOfRamp } from './ramp.js';
import { costRows, heldRows, shiftRows, sidesRows, stagesTable } from './shift.js';
import { instant, pairs, table } from './table.js';
import { versionsInWords } from './versions.js';

export type RolloutRow = Omit<RolloutDetail, 'plan' | 'batches' | 'rev'>;

export const rolloutsTable = (rows: readonly RolloutRow[]): string[] =>
  table(
    ['ID', 'APP', 'VERSION', 'GROUP', 'STATE', 'STAGE', 'DONE', 'PLANNED'],
    rows.map((row) => [
      row.id,
      row.app,
      row.version,
      row.group,
      stateOf(row),
      `${row.stage.name} (${row.stage.index + 1}/${row.stage.of})`,
      progressOf(row),
      instant(row.plannedAt),
    ]),
  );

function stateOf({ state, frozen, endedAt, label }: RolloutRow): string {
  const held = frozen === undefined || endedAt > 0 ? '' : ', frozen';
  return `${state}${held}${label === undefined ? '' : `, ${label.label}`}`;
}

function progressOf({ traffic, ramp, counts, targets }: RolloutRow): string {
  if (ramp !== undefined) return shareOfRamp(ramp);
  return traffic === undefined
    ? `${counts.done + counts.skipped}/${targets}`
    : `${traffic.new.weight}% ${traffic.new.name}`;
}

/** In place of hosts and budget, where there are none. */
function courseRows(rollout: RolloutDetail): readonly (readonly [string, string | undefined])[] {
  if (rollout.plan.ramp !== undefined) return rampRows(rollout);
  return rollout.traffic === undefined ? hostRows(rollout) : shiftRows(rollout);
}

/** `now`: ms since the epoch, to tell what is left of a wait. */
export function rolloutText(rollout: At<RolloutDetail>, now?: number): string[] {
  const { plan } = rollout;
  return pairs([
    ['rollout', `${rollout.id} (rev ${rollout.rev})`],
    ['what', `${rollout.app} ${rollout.version} to ${rollout.group} (${rollout.strategy})`],
    ['state', rollout.state],
    ['why', rollout.brake === undefined ? undefined : brakeInWords(rollout.brake)],
    ['stage', `${rollout.stage.name} (${rollout.stage.index + 1} of ${rollout.stage.of})`],
    ...courseRows(rollout),
    ...heldRows(rollout),
    ['waits until', rollout.wait === undefined ? undefined : waitInWords(rollout.wait, now)],
    ['wanted', rollout.wanted === undefined ? undefined : `approval "${rollout.wanted}": sluice approve ${rollout.id}`],
    [
      'artifact',
      plan.ramp !== undefined
        ? undefined
        : `${plan.spec.artifact.url} sha256:${plan.spec.artifact.sha256.slice(0, 12)}`,
    ],
    ['plan', `${rollout.planHash}, requested by ${plan.requestedBy.kind}:${plan.requestedBy.id}`],
    ['planned', instant(rollout.plannedAt)],
    ['started', instant(rollout.startedAt)],
    ['ended', instant(rollout.endedAt)],
    ['label', rollout.label === undefined ? undefined : labelInWords(rollout.label)],
    [rollout.at === undefined ? 'possible now' : 'possible then', rollout.actions.join(', ') || 'nothing'],
  ]);
}

function hostRows({ budget, counts }: RolloutDetail): readonly (readonly [string, string])[] {
  const inStep = counts.inStep > 0 ? `, ${counts.inStep} in a step` : '';
  const held = counts.held > 0 ? `, ${counts.held} held` : '';
  return [
    ['hosts', `${countsInWords(counts)}${inStep}${held}`],
    [
      'budget',
      `${budget.unavailable} of at most ${budget.maxUnavailable} unavailable, ${budget.lost} lost, ${budget.members} members`,
    ],
  ];
}

const labelInWords = ({ label, by, reason, at }: NonNullable<RolloutDetail['label']>): string =>
  `${label}, says ${by.id} at ${instant(at)}: ${reason}`;

function waitInWords({ until, kind }: NonNullable<RolloutDetail['wait']>, now: number | undefined): string {
  const left = now === undefined || now >= until ? '' : `, ${lengthOf(until - now)} left`;
  return `${instant(until)} (${kind}${left})`;
}

export const targetsTable = (rows: readonly TargetRow[]): string[] =>
  table(
    ['#', 'HOST', 'ADDRESS', 'STATE', 'TRY', 'SERVES', 'STEP', 'WHY'],
    rows.map((row) => [
      row.index,
      row.canary ? `${row.host} (canary)` : row.host,
      row.address ?? '-',
      row.phase,
      row.n,
      row.serving ? 'yes' : 'no',
      row.step ?? '-',
      row.code === undefined ? '' : `${row.code}: ${row.message ?? ''}`,
    ]),
  );

const orDash = (ms: number | null): string => (ms === null ? '-' : lengthOf(ms));

/** Members that are not at the version (STR-08), and versions that were changed past Sluice (XIM-08). */
function notThereRows({ notAtVersion, drifts }: RolloutReport): (readonly [string, string])[] {
  const { count, hosts } = notAtVersion;
  const named = hosts.map(({ host, why, running }) => `${host} (${why}${running === null ? '' : `, runs ${running}`})`);
  return [
    ...(count === 0 ? [] : [['not there', `${count}: ${someOf(named)}`] as const]),
    ...(drifts.length === 0 ? [] : [['drift', driftsInWords(drifts)] as const]),
  ];
}

export const reportText = (report: RolloutReport): string[] => {
  const shifts = (report.capacity ?? null) !== null;
  return [
    ...pairs([
      ['rollout', report.id],
      ['state', report.state],
      ['hosts', shifts ? undefined : String(report.targets)],
      ['took', orDash(report.durationMs)],
      ...inventoryRow(report.inventory),
      ...unreachableRow(report.unreachable),
      ...notThereRows(report),
      ...costRows(report),
      ...report.brakes.map(({ at, words }) => ['braked', `${instant(at)}: ${words}`] as const),
    ]),
    ...(shifts ? [] : ['', ...stepsTable(report)]),
    '',
    ...(shifts ? weightsTable(report) : batchesTable(report)),
  ];
};

const stepsTable = ({ steps }: RolloutReport): string[] =>
  table(
    ['STEP', 'TIMES', 'FAILED', 'P50', 'P95', 'LONGEST'],
    steps.map(({ step, count, failed, p50, p95, max }) => [
      step,
      count,
      failed,
      lengthOf(p50),
      lengthOf(p95),
      lengthOf(max),
    ]),
  );

const batchesTable = ({ stages }: RolloutReport): string[] =>
  table(
    ['STAGE', 'HOSTS', 'ENTERED', 'TOOK'],
    stages.map(({ name, targets, enteredAt, ms }) => [name, targets, instant(enteredAt ?? 0), orDash(ms)]),
  );

/** A stage of a shift has no targets that settle: it takes until it is passed. */
const weightsTable = ({ stages }: RolloutReport): string[] =>
  table(
    ['STAGE', 'ENTERED', 'TOOK'],
    stages.map(({ name, enteredAt, passedAt }) => [
      name,
      instant(enteredAt ?? 0),
      orDash(enteredAt === null || passedAt === null ? null : passedAt - enteredAt),
    ]),
  );

/** Only when hosts differ in how they are installed: which way each takes (TAR-05). */
function profilesOf({ spec, profiles = [] }: Plan, batches: PlanPreview['batches']): (readonly [string, string])[] {
  if (profiles.length === 0) return [];
  const placed = batches.flatMap((batch) => Object.entries(batch.profiles ?? {}));
  return [
    ['profile', `${profileInWords(spec.profile)}: all other hosts`],
    ...profiles.map((profile, place): readonly [string, string] => {
      const hosts = placed.filter(([, other]) => other === place).map(([host]) => host);
      return [`profile ${place + 1}`, `${profileInWords(profile)}: ${someOf(hosts)}`];
    }),
  ];
}

function profileInWords(profile: Profile): string {
  if (profile.kind === 'process') return `process ${profile.command.join(' ')}`;
  return `exec ${Object.entries(profile.steps)
    .map(([step, argv]) => `${step} ${argv.join(' ')}`)
    .join(', ')}`;
}

const unreachableRow = (silent: RolloutReport['unreachable']): (readonly [string, string])[] =>
  silent === null || silent === undefined
    ? []
    : [['not heard of', `${silent.count} when it was planned: ${someOf(silent.hosts)}`]];

const inventoryRow = (used: InventoryUsed | null | undefined): (readonly [string, string])[] =>
  used === null || used === undefined ? [] : [['inventory', inventoryInWords(used)]];

function expectationsOf({
  estimate,
  unreachable = [],
  unreachableCount = 0,
  inventory,
  drift,
}: Partial<PlanPreview>): (readonly [string, string])[] {
  const silent = `${unreachableCount} not heard of for 30s: ${someOf([...unreachable])}`;
  return [
    ...(estimate === undefined ? [] : [['takes', estimate.words] as const]),
    ...(unreachableCount === 0 ? [] : [['silent', silent] as const]),
    ...inventoryRow(inventory),
    ...(drift === undefined
      ? []
      : [['drift', `${drift.count} run what no rollout brought: ${driftsInWords(drift.hosts)}`] as const]),
  ];
}

function hostsOfPlan({ targetCount, leftOut, budget }: Plan): (readonly [string, string])[] {
  const names = leftOut.map(({ host, reason }) => `${host} (${reason})`);
  const limit = Math.min(budget.maxUnavailable, budget.failureLimit);
  return [
    ['hosts', `${targetCount}, ${leftOut.length} left out${names.length > 0 ? `: ${someOf(names)}` : ''}`],
    ['budget', `at most ${budget.maxUnavailable} of ${budget.members} unavailable, brake at ${limit} lost`],
  ];
}

function courseOfPlan(plan: Plan): readonly (readonly [string, string])[] {
  if (plan.ramp !== undefined) return [['ramp', rampPlanInWords(plan.ramp)]];
  return plan.traffic === undefined ? hostsOfPlan(plan) : [['shift', shiftPlanInWords(plan.traffic)]];
}

export const previewText = ({ plan, planHash, batches, ...expected }: PlanPreview): string[] => [
  ...pairs([
    ['what', `${plan.app} ${plan.version} to ${plan.group} (${plan.strategy}, ${plan.environment})`],
    ...courseOfPlan(plan),
    ...expectationsOf(expected),
    ['plan', planHash],
    ...profilesOf(plan, batches),
  ]),
  '',
  ...(plan.traffic === undefined && plan.ramp === undefined
    ? table(
        ['BATCH', 'SIZE', 'HOSTS'],
        batches.map(({ name, hosts }) => [name, hosts.length, someOf(hosts)]),
      )
    : stagesTable(plan)),
];

export const groupsTable = (rows: readonly GroupSummary[]): string[] =>
  table(
    ['GROUP', 'APP', 'ENVIRONMENT', 'HOSTS', 'SERVING', 'EXCLUDED', 'RUNNING', 'ROLLOUT'],
    rows.map((row) => [
      row.name,
      row.app ?? '-',
      row.environment ?? '-',
      row.members,
      row.serving,
      row.excluded,
      versionsInWords(row.versions),
      row.active ?? '-',
    ]),
  );

export const groupText = (group: GroupPage): string[] => {
  const hasHosts = group.memberPage.items.length > 0 || (group.sides ?? null) === null;
  return [
    ...pairs([
      ['group', group.name],
      ['app', `${group.app ?? '-'} (${group.environment ?? '-'})`],
      ['running', hasHosts ? versionsInWords(group.versions) : undefined],
      ...sidesRows(group),
      ['rollout', group.active ?? '-'],
      ['waiting', group.waiting ?? undefined],
      ...group.exclusions.map(({ host, reason }) => ['excluded', `${host}: ${reason}`] as const),
      ...group.blocked.map(({ version, reason }) => ['blocked', `${version}: ${reason}`] as const),
      ['history', someOf(group.history.map(({ version }) => version)) || '-'],
    ]),
    ...(hasHosts ? ['', ...membersTable(group)] : []),
  ];
};

const membersTable = ({ memberPage }: GroupPage): string[] =>
  table(
    ['HOST', 'RUNNING', 'SERVES', 'ADDRESS', 'NOTE'],
    memberPage.items.map((member) => [
      member.host,
      member.running ?? '-',
      member.serving === true ? 'yes' : 'no',
      member.endpoint ?? '-',
      [
        ...(member.down === true ? ['down'] : []),
        ...(member.excluded === null ? [] : [`excluded: ${member.excluded}`]),
      ].join('; '),
    ]),
  );
