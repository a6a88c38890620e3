import { canonicalJson, type Spite, type VariableSpec } from '@sluice/contracts';
import type { RampSight, RampWork } from '@sluice/rollout';

import type { RampCommand, VariableSight } from './ports.js';

const NOT_BEGUN: ReadonlySet<VariableSight['phase']> = new Set(['defined', 'reverted', 'reversed']);
const CAN_REVERSE: ReadonlySet<VariableSight['phase']> = new Set(['ramping', 'paused', 'stopped', 'finished']);

const hasValues = (sight: VariableSight, { from, to }: VariableSpec): boolean =>
  sight.spec.from === from && sight.spec.to === to;

/** The next thing that brings the variable to what the rollout wants of it; undefined when it is there. */
export function nextCommand({ ramp, wish }: RampWork, sight: VariableSight | undefined): RampCommand | undefined {
  if (wish.kind === 'go') return wish.going ? undefined : towards(ramp.spec, sight, wish.spite);
  // Of another ramp it wants nothing any more.
  if (sight === undefined || !hasValues(sight, ramp.spec)) return undefined;
  const { phase } = sight;
  switch (wish.kind) {
    case 'hold':
      return halt(wish, phase);
    case 'stop':
      return phase === 'ramping' || phase === 'paused' ? { type: 'stop' } : undefined;
    case 'reverse':
      return CAN_REVERSE.has(phase) ? { type: 'reverse' } : undefined;
  }
}

/**
 * A way back that somebody has ordered goes on: only what grows is held. What a gate at the end finds holds newcomers,
 * too, who get the new value of a ramp that is finished.
 */
function halt(
  { words, numbers }: Extract<RampWork['wish'], { readonly kind: 'hold' }>,
  phase: VariableSight['phase'],
): RampCommand | undefined {
  if (numbers !== undefined)
    return phase === 'ramping' || phase === 'finished' ? { type: 'breach', words, numbers } : undefined;
  return phase === 'ramping' ? { type: 'pause' } : undefined;
}

function towards(
  spec: VariableSpec,
  sight: VariableSight | undefined,
  spite: Spite | undefined,
): RampCommand | undefined {
  const goesOn = (type: 'ramp' | 'resume'): RampCommand => ({ type, ...(spite === undefined ? {} : { spite }) });
  if (sight === undefined || !hasValues(sight, spec)) return { type: 'define', spec };
  const { phase } = sight;
  if (NOT_BEGUN.has(phase))
    return canonicalJson(sight.spec) === canonicalJson(spec) ? goesOn('ramp') : { type: 'define', spec };
  if (phase === 'paused' || phase === 'stopped') return goesOn('resume');
  return phase === 'reversing' ? goesOn('ramp') : undefined;
}

/**
 * A fleet may hear of a freeze when a hotfix is told already, and is paused by it then: it goes on once more. What a
 * person paused, or goes between other values, is never woken.
 */
export function wakeHeld({ ramp, wish }: RampWork, sight: VariableSight | undefined): RampCommand | undefined {
  if (wish.kind !== 'go' || wish.spite === undefined) return undefined;
  const isHeld = sight?.phase === 'paused' && sight.held && hasValues(sight, ramp.spec);
  return isHeld ? { type: 'resume', spite: wish.spite } : undefined;
}

/** What the rollout is told. A variable that is there no more, or goes between other values, has not begun. */
export function toldOf({ ramp }: RampWork, sight: VariableSight | undefined): RampSight {
  if (sight === undefined || !hasValues(sight, ramp.spec)) return { phase: 'defined', to: 0, hosts: sight?.hosts ?? 0 };
  const { phase, to, hosts, words } = sight;
  return { phase, to, hosts, ...(words === undefined ? {} : { words }) };
}
