import { type Explanation, hashOf, type Plan, type PlanEvent, weigh } from '@sluice/contracts';

import { budgetFor } from '../budget.js';
import type { RolloutState } from '../state.js';
import { because, differing, doubted, type Of, plural } from './told.js';

const MAX_NAMED = 5;

export function explainPlan(event: PlanEvent, state: RolloutState): Explanation | undefined {
  switch (event.type) {
    case 'PlanTargetsAdded':
      return undefined;
    case 'RolloutPlanned':
      return planned(event, state);
    case 'RequestRefused':
      return refused(event);
  }
}

/** A and T by the plan's own rule, and who was left out. */
function planned({ plan, planHash }: Of<'RolloutPlanned'>, state: RolloutState): Explanation {
  const { budget, leftOut, requestedBy } = plan;
  const { members, percent, maxUnavailable: A, failureLimit: T, failureThresholdPercent } = budget;
  const names = leftOut.slice(0, MAX_NAMED).map(({ host, reason }) => `${host}: ${reason}`);
  const out = leftOut.length === 0 ? {} : { leftOut: `${plural(leftOut.length, 'host')}: ${names.join(', ')}` };
  const made = budgetFor(state, members);
  const isHashed = hashOf(plan) === planHash;
  const doubts = [
    ...(isHashed ? [] : ['the plan has another hash than it says']),
    ...ofBudget(
      differing({ maxUnavailable: A, failureLimit: T }, { ...made, maxUnavailable: Math.max(A, made.maxUnavailable) }),
    ),
  ];
  return {
    kind: 'plan',
    outcome: `${plan.version} for ${plan.group}`,
    rule: 'plan: fixed before anything is done; A = what may be unavailable at once, T = failures that brake',
    inputs: {
      ...{ members, percent, failureThresholdPercent, maxUnavailable: A, failureLimit: T, targets: plan.targetCount },
      ...{ canaries: plan.canaries, minServing: budget.minServing, plan: planHash, requester: requestedBy.id },
      ...out,
    },
    arithmetic: budgetInWords(plan),
    ...because(plan.reason),
    ...doubted(doubts.join('; ') || undefined),
  };
}

const ofBudget = (differs: string | undefined): readonly string[] => (differs === undefined ? [] : [differs]);

function budgetInWords({ budget, traffic, ramp }: Plan): string {
  const { members: G, percent: p, maxUnavailable: A, failureLimit: T, failureThresholdPercent: t, advisory } = budget;
  if (traffic !== undefined || ramp !== undefined) return 'it touches no hosts: there is no budget';
  const share = advisory ? `ceil(G ${G} / 2)` : `max(1, floor(G ${G} * p ${p} / 100))`;
  const rule = advisory ? Math.ceil(G / 2) : Math.max(1, Math.floor((G * p) / 100));
  const words = rule === A ? `A = ${share} = ${A}` : `A = ${A}, by the largest batch or the rule of its groups`;
  return `${words}; T = max(1, ceil(G ${G} * ${t} / 100)) = ${T}; the brake is at min(A ${A}, T ${T}) = ${Math.min(A, T)}`;
}

function refused({ faults, requestId, documentHash, app, group }: Of<'RequestRefused'>): Explanation {
  const { words, threshold } = weigh({
    terms: [{ name: 'faults', value: faults.length }],
    op: '>',
    limit: { name: 'allowed', value: 0 },
  });
  const said = faults.slice(0, MAX_NAMED).map(({ code, message }) => `${message} [${code}]`);
  return {
    kind: 'refusal',
    outcome: 'request refused',
    rule: 'request: nothing is planned while the document has a fault',
    inputs: {
      ...{ request: requestId, document: documentHash, faults: faults.length },
      ...(app === undefined ? {} : { app }),
      ...(group === undefined ? {} : { group }),
    },
    threshold,
    arithmetic: `${words}: ${said.join('; ')}`,
  };
}
