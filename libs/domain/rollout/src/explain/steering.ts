import { type Explanation, weigh } from '@sluice/contracts';

import { planOf } from '../state.js';
import { because, doubted, type Of, type Told } from './told.js';
import { stageName } from './course.js';

type Steering = Of<
  'RolloutPaused' | 'RolloutResumed' | 'ModeChanged' | 'IntervalsChanged' | 'BatchAwaited' | 'BatchProceeded'
>;

export function explainSteering(told: Told<Steering>): Explanation {
  const { event, state, by } = told;
  switch (event.type) {
    case 'RolloutPaused':
      return { ...held('paused', 'pause: nothing is admitted until it is resumed'), ...said(told, event.reason) };
    case 'RolloutResumed':
      return { ...held('resumed', 'pause: it goes back to where it was'), ...said(told, event.reason) };
    case 'BatchAwaited':
      return {
        ...held('waits for a person', 'entry: in manual mode a person says proceed before each batch'),
        ...{ inputs: { stage: event.stage }, arithmetic: `${stageName(state, event.stage)} waits for proceed` },
      };
    case 'BatchProceeded':
      return {
        ...held('proceeds', 'entry: in manual mode a person says proceed before each batch'),
        ...{ inputs: { stage: event.stage }, arithmetic: `${by.id} lets ${stageName(state, event.stage)} go` },
      };
    case 'ModeChanged':
      return {
        ...steered(`mode ${event.mode}`),
        inputs: { mode: event.mode },
        ...because(event.reason),
        arithmetic: `by ${by.id}`,
      };
    case 'IntervalsChanged': {
      const { intervalMs, tailIntervalMs } = event;
      const arithmetic = `${intervalMs} ms between batches, ${tailIntervalMs} ms from batch ${planOf(state).waits.tailFrom} on`;
      return {
        ...steered('intervals changed'),
        inputs: { intervalMs, tailIntervalMs },
        ...because(event.reason),
        arithmetic,
      };
    }
  }
}

const held = (outcome: string, rule: string) => ({ kind: 'hold', outcome, rule }) as const;
const steered = (outcome: string) =>
  ({ kind: 'steering', outcome, rule: 'steering: a person changes how it goes on, not what is done' }) as const;

const said = ({ before, by }: Told<Steering>, reason: string | undefined) => ({
  inputs: { inStep: before.inStep, left: before.left },
  arithmetic: `${by.id}: ${before.inStep} in a step go on, ${before.left} are left`,
  ...because(reason),
});

type Frozen = Of<'RolloutFrozen' | 'RolloutThawed' | 'FreezeOverridden'>;

export function explainFreeze({ event, state, before, at }: Told<Frozen>): Explanation {
  switch (event.type) {
    case 'RolloutFrozen':
      return {
        ...held('frozen', 'freeze: nothing is admitted, nothing entered, no weight grows while it holds'),
        inputs: { freeze: event.freeze, ms: event.until - at, inStep: before.inStep },
        arithmetic: `${event.words}; it holds for ${event.until - at} ms from then on`,
      };
    case 'RolloutThawed':
      return {
        ...held('thawed', 'freeze: it is over'),
        inputs: { freeze: event.freeze, freezes: state.freezes.size },
        arithmetic: `${state.freezes.size} freezes hold still`,
      };
    case 'FreezeOverridden':
      return {
        ...held('goes on in spite of freezes', 'freeze: a hotfix goes on in the name of somebody who answers for it'),
        inputs: { answers: event.by, freezes: state.freezes.size },
        arithmetic: `${event.by} goes on in spite of ${state.freezes.size}`,
        ...because(event.reason),
      };
  }
}

type Shift = Of<'SideScaleOrdered' | 'WeightSet' | 'WeightPublished' | 'SideRetireOrdered' | 'SideRetired'>;

export function explainShift(told: Told<Shift>): Explanation {
  const { event, state } = told;
  switch (event.type) {
    case 'SideScaleOrdered':
      return scaled(told, event);
    case 'WeightSet':
      return weightSet(told, event);
    case 'WeightPublished':
      return {
        ...{ kind: 'traffic', outcome: `weights ${event.version} in force` },
        rule: 'traffic: weights hold when every publisher has them',
        inputs: { ...event.weights, version: event.version },
        arithmetic: Object.entries(event.weights)
          .map(([side, weight]) => `${side} ${weight} %`)
          .join(', '),
      };
    case 'SideRetireOrdered':
      return retireOrdered(told, event);
    case 'SideRetired':
      return {
        ...{ kind: 'traffic', outcome: `${event.side} retired` },
        rule: 'traffic: the old side is gone',
        inputs: { side: event.side },
        arithmetic: `${planOf(state).traffic?.newSide ?? 'the new side'} is live`,
      };
  }
}

function scaled({ state }: Told<Shift>, event: Of<'SideScaleOrdered'>): Explanation {
  const shift = planOf(state).traffic;
  const percent = shift?.preScalePercent ?? 0;
  const old = state.traffic?.sides.get(shift?.oldSide ?? '') ?? [];
  const words = event.services.slice(0, 5).map(({ service, desired }) => {
    const was = old.find((each) => each.service === service)?.desired ?? 0;
    return `${service}: max(1, ceil(${percent} * ${was} / 100) = ${Math.ceil((percent * was) / 100)}, what it has) = ${desired}`;
  });
  return {
    ...{ kind: 'traffic', outcome: `${event.side} ordered` },
    rule: 'traffic: the new side gets its share of the capacity of the old one before its first request',
    inputs: Object.fromEntries(event.services.slice(0, 20).map(({ service, desired }) => [service, desired])),
    arithmetic: words.join('; '),
  };
}

const WHY_WEIGHT = {
  stage: 'traffic: the stage sets its weight, unless a person has set a higher one',
  manual: 'traffic: a person sets a weight',
  back: 'traffic: all of it goes back to the old side, for the rollout ends without success',
} as const;

function weightSet({ before, state, by }: Told<Shift>, event: Of<'WeightSet'>): Explanation {
  const side = planOf(state).traffic?.newSide ?? '';
  const weight = event.weights[side] ?? 0;
  return {
    ...{ kind: event.why === 'back' ? 'rollback' : 'traffic', outcome: `${side} ${weight} %` },
    rule: WHY_WEIGHT[event.why],
    inputs: { stage: event.stage, before: before.weight, weight, why: event.why, by: by.id },
    arithmetic: weigh({
      terms: [{ name: 'weight', value: weight }],
      op: weight >= before.weight ? '>=' : '<',
      limit: { name: 'before', value: before.weight },
    }).words,
    ...because(event.reason),
  };
}

function retireOrdered({ state, at }: Told<Shift>, event: Of<'SideRetireOrdered'>): Explanation {
  const published = state.traffic?.published?.at ?? at;
  const stage = stageAtRetire(state);
  const { holds, threshold, words } = weigh({
    terms: [{ name: 'since the switch (ms)', value: at - published }],
    op: '>=',
    limit: { name: 'drain window (ms)', value: stage },
  });
  return {
    ...{ kind: 'traffic', outcome: `${event.side} to retire` },
    rule: 'traffic: the old side is retired when requests of before the switch have had their time; nothing leads back then',
    inputs: { side: event.side },
    threshold,
    arithmetic: words,
    ...doubted(holds ? undefined : 'the drain window was not over'),
  };
}

const stageAtRetire = (state: Told<Shift>['state']): number => planOf(state).traffic?.drainWindowMs ?? 0;

export const explainRamp = ({ event, state }: Told<Of<'RampSeen'>>): Explanation => ({
  ...{ kind: 'ramp', outcome: event.phase },
  rule: 'ramp: how the variable stands; it is at its end when all hosts have the value',
  inputs: { phase: event.phase, to: event.to, hosts: event.hosts },
  ...weighedRamp(event),
  ...because(event.words ?? planOf(state).ramp?.spec.name),
});

function weighedRamp({ to, hosts }: Of<'RampSeen'>): Pick<Explanation, 'threshold' | 'arithmetic'> {
  const { threshold, words } = weigh({
    terms: [{ name: 'hosts with the new value', value: to }],
    op: '>=',
    limit: { name: 'hosts', value: hosts },
  });
  return { threshold, arithmetic: words };
}
