import { c10 } from './all-fail.js';
import { c13, c3 } from './approvals.js';
import { c14 } from './cancels.js';
import { chaos } from './chaos.js';
import { c11 } from './clocks.js';
import { c1 } from './crashes.js';
import { degraded } from './degraded.js';
import { order } from './order.js';
import { c6 } from './outages.js';
import { c15 } from './owners.js';
import { c16 } from './regressions.js';
import { c12 } from './members.js';
import { c2, c7 } from './messages.js';
import { c4 } from './races.js';
import { rare } from './rare.js';
import { rampCrash } from './ramp-crashes.js';
import { ramp } from './ramp.js';
import { scale } from './scale.js';
import type { Scenario } from './scenario.js';
import { shiftCrash } from './shift-crashes.js';
import { shift } from './shift.js';
import { c8, c9 } from './starts.js';
import { c5 } from './supersede.js';
import { traffic } from './traffic.js';

/** The fault suite of the design by its numbers, everything at once, and the cost of size. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  C1: c1,
  C2: c2,
  C3: c3,
  C4: c4,
  C5: c5,
  C6: c6,
  C7: c7,
  C8: c8,
  C9: c9,
  C10: c10,
  C11: c11,
  C12: c12,
  C13: c13,
  C14: c14,
  C15: c15,
  C16: c16,
  degraded,
  order,
  chaos,
  shift,
  shiftCrash,
  traffic,
  ramp,
  rampCrash,
  rare,
  scale,
};
