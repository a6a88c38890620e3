import type { BehindMembers, DomainEvent, Drift, Plan, SeenMember } from '@sluice/contracts';

import { plural, someOf } from './words.js';

type HostOf = (target: number) => string;

/** What happened to the group's members and to hosts that nobody had asked; undefined for what is not worth a line. */
export function membersInWords(event: DomainEvent, hostOf: HostOf): string | undefined {
  switch (event.type) {
    case 'MembersSynced':
      return syncInWords(event, hostOf);
    case 'MembersJoined':
      return `joined in mid-rollout, no target of it: ${membersOf(event.members)}`;
    case 'TargetsSilent':
      return `silent, counted as lost until heard of: ${hostsOf(event.targets, hostOf)}`;
    case 'TargetsHeard':
      return `heard of again: ${hostsOf(event.targets, hostOf)}`;
    case 'TargetsLost':
      return `given up as lost: ${hostsOf(event.targets, hostOf)}`;
    case 'DriftSeen':
      return `DRIFT, changed past Sluice: ${driftsInWords(event.drifts)}`;
    default:
      return undefined;
  }
}

function syncInWords(
  { gone, back, batches, problem }: Extract<DomainEvent, { readonly type: 'MembersSynced' }>,
  hostOf: HostOf,
): string {
  if (problem !== undefined) return `the group was not looked at again, it goes on with the members it has: ${problem}`;
  const count = batches.reduce((sum, [size, times]) => sum + size * times, 0);
  const stages = batches.reduce((sum, [, times]) => sum + times, 0);
  const parts = [
    ...(gone.length === 0 ? [] : [`gone: ${hostsOf(gone, hostOf)}`]),
    ...(back.length === 0 ? [] : [`back: ${hostsOf(back, hostOf)}`]),
    ...(count === 0
      ? []
      : [`${plural(count, 'new member')} in ${stages === 1 ? '1 batch' : `${stages} batches`} more`]),
  ];
  return `the group was looked at again: ${parts.length === 0 ? 'nothing changed' : parts.join('; ')}`;
}

/** Behind the words of an end. */
export const behindInWords = (behind: BehindMembers | undefined): string =>
  behind === undefined
    ? ''
    : `; ${plural(behind.count, 'member')} joined and not at the version: ${membersOf(behind.members)}`;

const hostsOf = (targets: readonly number[], hostOf: HostOf): string => someOf(targets.map(hostOf));

const membersOf = (members: readonly SeenMember[]): string =>
  someOf(members.map(({ host, running }) => `${host} (runs ${running ?? 'nothing'})`));

/** The plan with the batches that a retry has added to it. */
export function withBatches(
  plan: Plan | undefined,
  { batches }: Extract<DomainEvent, { readonly type: 'MembersSynced' }>,
): Plan | undefined {
  if (plan === undefined || batches.length === 0) return plan;
  const count = batches.reduce((sum, [size, times]) => sum + size * times, 0);
  return { ...plan, batches: [...plan.batches, ...batches], targetCount: plan.targetCount + count };
}

export const driftsInWords = (drifts: readonly Drift[]): string =>
  someOf(drifts.map(({ host, recorded, running }) => `${host} runs ${running}, recorded is ${recorded ?? 'nothing'}`));
