import { describe, expect, it } from 'vitest';

import { balancerOf, servedBy } from './balancer.js';
import { makePlan } from './make-plan.js';
import { input } from './samples.js';

describe('the balancer of a plan', () => {
  it.todo('x');
});
void [balancerOf, servedBy, makePlan, input, expect];
