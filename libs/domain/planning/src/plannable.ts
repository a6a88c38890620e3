import {
  canonicalJson,
  type GroupEntry,
  type MemberEntry,
  type PlannableMember,
  type Profile,
} from '@sluice/contracts';

import { type Labels, whyNotOfLabels } from './labels.js';
import { compareNames, targetOf } from './ordering.js';
import { profileByLabels } from './profiles.js';

/** What a plan installs with: its own profile and its others, in the plan's order. */
export interface PlanProfiles {
  readonly profile: Profile;
  readonly profiles?: readonly Profile[] | undefined;
  /** Of the plan's targets. */
  readonly labels?: Labels | undefined;
}

/**
 * The members of a group as targets of a plan that was made before, by name. One whose labels ask for a profile that
 * the plan does not have is unfit: nobody has approved how it would be installed. So is one that is not there.
 */
export function plannableMembers(
  group: GroupEntry,
  members: readonly MemberEntry[],
  plan: PlanProfiles,
): readonly PlannableMember[] {
  const own = canonicalJson(plan.profile);
  const places = new Map((plan.profiles ?? []).map((profile, place) => [canonicalJson(profile), place]));
  return members
    .filter(({ app }) => app === group.app)
    .toSorted((a, b) => compareNames(a.host, b.host))
    .map((member) => {
      const target = targetOf(member);
      if (member.down === true) return { ...target, unfit: 'it is down' };
      const why = whyNotOfLabels(group, member, plan.labels ?? {});
      if (why !== undefined) return { ...target, unfit: `it is ${why}` };
      const asked = canonicalJson(profileByLabels(group, member) ?? plan.profile);
      const place = places.get(asked);
      if (asked === own) return target;
      return place === undefined
        ? { ...target, unfit: 'its labels ask for a profile that this plan does not have' }
        : { ...target, profile: place };
    });
}
