import {
  canonicalJson,
  type DeployRequest,
  type GroupEntry,
  type MemberEntry,
  type Plan,
  type PlanTarget,
  type Profile,
} from '@sluice/contracts';

import { hasLabels, labelsOf } from './labels.js';

/** What the group says for machines like this one: the first entry whose labels the member has all of. */
export function profileByLabels(group: GroupEntry, member: MemberEntry): Profile | undefined {
  const labels = labelsOf(member);
  return group.profiles?.find((entry) => hasLabels(labels, entry.labels))?.profile;
}

/** Profiles beside a plan's own, each once, in the order in which targets first ask for them. */
interface Alternatives {
  readonly profiles: readonly Profile[];
  /** The target with the place of its profile. */
  place(target: PlanTarget, profile: Profile): PlanTarget;
}

function alternativesTo(own: Profile): Alternatives {
  const profiles: Profile[] = [];
  const places = new Map<string, number | undefined>([[canonicalJson(own), undefined]]);
  // Targets of one kind share one object, so that its text is made once and not for each of 100,000.
  const known = new Map<Profile, number | undefined>([[own, undefined]]);
  const placeOf = (profile: Profile): number | undefined => {
    if (known.has(profile)) return known.get(profile);
    const text = canonicalJson(profile);
    if (!places.has(text)) places.set(text, profiles.push(profile) - 1);
    known.set(profile, places.get(text));
    return places.get(text);
  };
  return {
    profiles,
    place: (target, profile) => {
      const place = placeOf(profile);
      return place === undefined ? target : { ...target, profile: place };
    },
  };
}

/** How the targets of a plan are installed. */
export interface Resolved {
  /** Of the plan's spec; undefined: nobody says how, which is a fault. */
  readonly own: Profile | undefined;
  /** For `Plan.profiles`; empty when every target uses `own`. */
  readonly profiles: readonly Profile[];
  readonly targets: readonly PlanTarget[];
  /** Hosts that no profile is for. */
  readonly without: readonly string[];
}

/**
 * The profile of each target: the request's, for all; else by the labels of its member; else the group's. A group that
 * only has profiles by label lends the plan that of its first target. `targets`: in their stable order, so that equal
 * input gives equal places.
 */
export function resolveProfiles(
  request: DeployRequest,
  group: GroupEntry,
  members: readonly MemberEntry[],
  targets: readonly PlanTarget[],
): Resolved {
  const general = request.profile ?? group.profile;
  if (request.profile !== undefined || (group.profiles ?? []).length === 0)
    return { own: general, profiles: [], targets, without: general === undefined ? hostsOf(targets) : [] };
  const byHost = new Map(members.map((member) => [member.host, member]));
  const found = targets.map(({ host }) => {
    const member = byHost.get(host);
    return (member === undefined ? undefined : profileByLabels(group, member)) ?? general;
  });
  const own = general ?? found.find((profile) => profile !== undefined);
  const without = hostsOf(targets.filter((_, i) => found[i] === undefined));
  if (own === undefined || without.length > 0) return { own: undefined, profiles: [], targets, without };
  const alternatives = alternativesTo(own);
  const placed = targets.map((target, i) => alternatives.place(target, found[i] ?? own));
  return { own, profiles: alternatives.profiles, targets: placed, without };
}

const hostsOf = (targets: readonly PlanTarget[]): readonly string[] => targets.map(({ host }) => host);

/** What is known of a restored plan's hosts, then and now. */
export interface Restoring {
  readonly to: Plan;
  /** The targets that the restored plan had. */
  readonly recorded: readonly PlanTarget[];
  /** As the inventory has them now. */
  readonly group: GroupEntry | undefined;
  readonly members: readonly MemberEntry[];
}

/**
 * The targets of a rollback with their profiles. A host that was in the restored plan is installed as it was then,
 * whatever its labels are by now: version and profile were proven together, and nothing is resolved anew (MOM-03). A
 * host that is newer than that plan has no record: its labels of today choose among what the group says today, and
 * the restored plan's own profile is for what they do not choose.
 */
export function restoreProfiles(
  { to, recorded, group, members }: Restoring,
  targets: readonly PlanTarget[],
): { readonly profiles: readonly Profile[]; readonly targets: readonly PlanTarget[] } {
  const own = to.spec.profile;
  const before = new Map(recorded.map((target) => [target.host, target]));
  const today = new Map(members.map((member) => [member.host, member]));
  const profileOf = (host: string): Profile => {
    const then = before.get(host);
    if (then !== undefined) return profileOfTarget(to, then);
    const member = today.get(host);
    return (group === undefined || member === undefined ? undefined : profileByLabels(group, member)) ?? own;
  };
  const alternatives = alternativesTo(own);
  const placed = targets.map((target) => alternatives.place(target, profileOf(target.host)));
  return { profiles: alternatives.profiles, targets: placed };
}

function profileOfTarget(plan: Plan, { profile }: PlanTarget): Profile {
  return (profile === undefined ? undefined : plan.profiles?.[profile]) ?? plan.spec.profile;
}
