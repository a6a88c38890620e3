import { type Plan, specsAt, type Stage, stageAt, stageCount } from '@sluice/contracts';
import type { GroupPage, RolloutDetail, RolloutReport } from '@sluice/gateway';

import { capacityInWords, courseOfShift, sharesInWords } from '../timeline/shift.js';
import { lengthOf } from '../timeline/time.js';
import { plural } from '../timeline/words.js';
import { instant, table } from './table.js';

type Row = readonly [string, string | undefined];
type Traffic = NonNullable<RolloutDetail['traffic']>;

/** How a rollout that shifts traffic stands, in place of hosts and budget. */
export function shiftRows(rollout: RolloutDetail): readonly Row[] {
  const { traffic, plan } = rollout;
  if (traffic === undefined || plan.traffic === undefined) return [];
  const { old, new: fresh, short } = traffic;
  return [
    ['shift', courseOfShift(plan.traffic)],
    ['traffic', trafficInWords(traffic)],
    ['live', traffic.live ?? 'both sides'],
    [`side ${old.name}`, old.retired === true ? 'retired' : capacityInWords(old.services)],
    [`side ${fresh.name}`, capacityInWords(fresh.services)],
    ['not ready', short.length === 0 ? undefined : short.join('; ')],
    ['wanted', traffic.awaitsWeight === true ? `a weight: sluice weight ${rollout.id} 100` : undefined],
    ['next gates', rollout.endedAt > 0 ? undefined : gatesInWords(plan, rollout.stage.index)],
    [
      'capacity',
      `${hours(old.capacityHours + fresh.capacityHours)} (${old.name} ${round(old.capacityHours)}, ${fresh.name} ${round(fresh.capacityHours)})`,
    ],
    [
      'way back',
      rollout.actions.includes('rollback')
        ? `sluice rollback ${rollout.id}: all weights back in one publish`
        : undefined,
    ],
  ];
}

/** Of any rollout: what holds it, and how often a person held it. */
export function heldRows({ frozen = [], traffic, endedAt }: RolloutDetail): readonly Row[] {
  const holding = endedAt > 0 ? [] : frozen;
  return [
    ...holding.map(({ freeze, until, words }): Row => ['FROZEN', `until ${instant(until)} by ${freeze}: ${words}`]),
    [
      'pauses',
      traffic === undefined ? undefined : pausesInWords({ ...traffic.pauses, since: traffic.pauses.since ?? null }),
    ],
  ];
}

function trafficInWords({ weights, version, wanted }: Traffic): string {
  const published = version === undefined ? '' : ` (weights version ${version})`;
  return `${sharesInWords(weights)}${published}${wanted === undefined ? '' : `; to be ${sharesInWords(wanted)}`}`;
}

/** Gates at the exit of the stage and all the time in it, and those before the next one. */
function gatesInWords(plan: Plan, index: number): string | undefined {
  const stage = stageAt(plan, index);
  if (stage === undefined) return undefined;
  const next = stageAt(plan, index + 1);
  const told = [
    ...named('all the time', namesAt(plan, stage, 'during')),
    ...named(`to leave ${stage.name}`, stage.gates),
    ...(next === undefined ? [] : named(`before ${next.name}`, next.entryGates)),
  ];
  return told.length === 0 ? undefined : told.join('; ');
}

const named = (when: string, gates: readonly string[]): string[] =>
  gates.length === 0 ? [] : [`${when}: ${gates.join(', ')}`];

const namesAt = (plan: Plan, stage: Stage, phase: 'during'): string[] =>
  specsAt(plan, stage, phase).map(({ name, onFail }) => (onFail === 'record' ? `${name} (only records)` : name));

const round = (value: number): string => String(Math.round(value * 100) / 100);

const hours = (value: number): string => `${round(value)} instance-hours`;

function pausesInWords({ count, ms, since }: RolloutReport['pauses']): string | undefined {
  if (count === 0) return undefined;
  return `${plural(count, 'time')}, ${lengthOf(ms)} in all${since === null ? '' : `, and since ${instant(since)}`}`;
}

/**
 * Of a report: pauses of any rollout (SWB-14), and what a shift of traffic cost in capacity (SWB-20). A gateway that is older
 * says neither.
 */
export function costRows({ pauses, capacity }: Partial<RolloutReport>): readonly Row[] {
  const bySide = capacity?.sides.map(({ side, hours: each }) => `${side} ${round(each)}`) ?? [];
  return [
    ['paused', pauses === undefined ? undefined : pausesInWords(pauses)],
    ['capacity', capacity?.hours === undefined ? undefined : `${hours(capacity.hours)} (${bySide.join(', ')})`],
  ];
}

/** Of a preview: the stages of a shift and the gates that must pass in each. */
export function stagesTable(plan: Plan): string[] {
  const rows: (readonly string[])[] = [];
  for (let index = 0; index < stageCount(plan); index += 1) {
    const stage = stageAt(plan, index);
    if (stage === undefined) break;
    const during = namesAt(plan, stage, 'during').join(', ');
    const entry = stage.entry.kind === 'approval' ? ['approval', ...stage.entryGates] : stage.entryGates;
    rows.push([stage.name, entry.join(', ') || '-', during || '-', stage.gates.join(', ') || '-']);
  }
  return table(['STAGE', 'BEFORE', 'ALL THE TIME', 'TO LEAVE IT'], rows);
}

/** Of a group with two sides. */
export function sidesRows({ sides }: GroupPage): readonly Row[] {
  if (sides === null || sides === undefined) return [];
  const { names, live, dark, weights, version, versions, services } = sides;
  const darkSide = dark === null ? undefined : `${dark} (reach it with the header x-sluice-side: ${dark})`;
  return [
    ['sides', names.map((name) => `${name} (${versions[name] ?? 'nothing yet'})`).join(', ')],
    ['live', live ?? 'both sides have traffic'],
    ['dark', darkSide],
    [
      'traffic',
      weights === null
        ? `${live ?? names[0]} 100 % (never moved)`
        : `${sharesInWords(weights)} (weights version ${version ?? '?'})`,
    ],
    ['services', services.join(', ')],
  ];
}
