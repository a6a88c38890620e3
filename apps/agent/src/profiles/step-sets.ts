import type { Profile } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

import { execSteps } from './exec-profile.js';
import { processSteps } from './process-profile.js';
import { selfSteps } from './self-profile.js';
import type { StepSet } from './steps.js';

/** How each step is done under a profile. */
export function stepSetOf(profile: Profile): StepSet {
  switch (profile.kind) {
    case 'process':
      return profile.self === true ? selfSteps : processSteps;
    case 'exec':
      return execSteps;
    default:
      return unreachable(profile, 'profile');
  }
}
