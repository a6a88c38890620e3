import type { BatchSizes, GroupEntry, LeftOut, MemberEntry, PlanTarget } from '@sluice/contracts';

import { type Labels, whyNotOfLabels } from './labels.js';

/** Orders names by Unicode code point, so that every machine and language makes the same order. */
export function compareNames(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return codePointWeight(x) - codePointWeight(y);
  }
  return a.length - b.length;
}

/** UTF-16 sorts surrogates below U+E000..U+FFFF, code points sort them above. */
const codePointWeight = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** Members that may be deployed to, in stable order, and those that are left out with the reason (TRS-05). */
export interface Eligible {
  readonly targets: readonly PlanTarget[];
  readonly leftOut: readonly LeftOut[];
}

/** `exclusions`: host -> why an operator excluded it. `labels`: only members that have all of them. */
export function eligibleTargets(
  group: GroupEntry,
  members: readonly MemberEntry[],
  exclusions: ReadonlyMap<string, string>,
  labels: Labels = {},
): Eligible {
  const targets: PlanTarget[] = [];
  const leftOut: LeftOut[] = [];
  const notMeant: LeftOut[] = [];
  for (const member of [...members].sort((a, b) => compareNames(a.host, b.host))) {
    const reason = reasonToLeaveOut(group, member, exclusions);
    const other = reason === undefined ? whyNotOfLabels(group, member, labels) : undefined;
    if (reason !== undefined) leftOut.push({ host: member.host, reason });
    else if (other !== undefined) notMeant.push({ host: member.host, reason: other });
    else targets.push(targetOf(member));
  }
  // Behind what is wrong with a host: there may be thousands that simply were not meant.
  return { targets, leftOut: [...leftOut, ...notMeant] };
}

function reasonToLeaveOut(
  group: GroupEntry,
  member: MemberEntry,
  exclusions: ReadonlyMap<string, string>,
): string | undefined {
  const excluded = exclusions.get(member.host);
  if (excluded !== undefined) return excluded === '' ? 'excluded' : `excluded: ${excluded}`;
  if (member.down === true) return 'down';
  return member.app === group.app ? undefined : `runs ${member.app}, the group is of ${group.app}`;
}

/** A member as a target: how it was found when the plan was made. */
export function targetOf(member: MemberEntry): PlanTarget {
  const runs = typeof member.running === 'string';
  return {
    host: member.host,
    ...(member.site === undefined ? {} : { site: member.site }),
    ...(runs && member.serving === false ? { drained: true } : {}),
    ...(typeof member.running === 'string' ? { from: member.running } : {}),
  };
}

/**
 * The order of the targets behind the canary. With fewer drained ones than the budget allows (`maxUnavailable`), each
 * batch gets its even share of them, so that every batch takes about as many serving hosts (TRS-04). With as many or
 * more, they all go first: each of them already counts as unavailable and costs nothing to admit, while the budget
 * leaves no room for a single serving host until some of them are back. Spread out, nothing could ever be admitted.
 */
export function orderTargets(
  targets: readonly PlanTarget[],
  batches: BatchSizes,
  drainedFirst: boolean,
): readonly PlanTarget[] {
  const drained = targets.filter((target) => target.drained === true);
  const serving = targets.filter((target) => target.drained !== true);
  if (drainedFirst) return [...drained, ...serving];
  if (drained.length === 0) return serving;
  return spread(drained, serving, batches);
}

/** Of the first b targets, floor(b*D/N) are drained; inside a batch the drained ones stand first. */
function spread(drained: readonly PlanTarget[], serving: readonly PlanTarget[], batches: BatchSizes): PlanTarget[] {
  const n = drained.length + serving.length;
  const ordered: PlanTarget[] = [];
  let boundary = 0;
  let used = 0;
  for (const [size, times] of batches) {
    for (let i = 0; i < times; i += 1) {
      const start = boundary;
      const before = used;
      boundary += size;
      used = Math.floor((boundary * drained.length) / n);
      ordered.push(...drained.slice(before, used), ...serving.slice(start - before, boundary - used));
    }
  }
  return ordered;
}
