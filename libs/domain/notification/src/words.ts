import { stageAt, type TargetCounts } from '@sluice/contracts';

import { redact } from './redact.js';
import type { NoticePlan, Scene, Telling } from './told.js';

export function stageOf(
  plan: NoticePlan,
  index: number,
): { readonly name: string; readonly size: number; readonly words: string } {
  const stage = stageAt(plan, index);
  if (stage === undefined) return { name: `stage ${index + 1}`, size: 0, words: `stage ${index + 1}` };
  const size = stage.to - stage.from;
  return {
    name: stage.name,
    size,
    words: stage.traffic === undefined && stage.ramp === undefined ? `${stage.name} (${targets(size)})` : stage.name,
  };
}

export const what = ({ plan }: Scene): string =>
  `${plan.app} ${plan.version === '' ? '(version unknown)' : plan.version} on ${plan.group}${plan.strategy === 'rollback' ? ' (rollback)' : ''}`;

export const because = (reason: string | undefined): string =>
  reason === undefined || reason === '' ? '' : ` (${redact(reason, 200)})`;

/** Address in the API of the targets that failed: each of them names the address of its step's output (TRS-15). */
export const failedTargets = ({ plan }: Scene): string | null =>
  plan.rolloutId === '' ? null : `/v1/rollouts/${plan.rolloutId}/targets?phase=failed`;

export const targets = (count: number): string => (count === 1 ? '1 target' : `${count} targets`);

export function tally(counts: TargetCounts): string {
  const parts = (['done', 'skipped', 'failed', 'unknown', 'excluded', 'untouched'] as const).map(
    (kind) => [counts[kind], kind] as const,
  );
  return parts
    .filter(([count, kind]) => count > 0 || kind === 'done' || kind === 'failed')
    .map(([count, kind]) => `${count} ${kind}`)
    .join(', ');
}

export const info = (type: Telling['type'], state: string, text: string, details: Telling['details']): Telling => ({
  type,
  severity: 'info',
  state,
  text,
  details,
});

export const warning: typeof info = (type, state, text, details) => ({
  ...info(type, state, text, details),
  severity: 'warning',
});
export const critical: typeof info = (type, state, text, details) => ({
  ...info(type, state, text, details),
  severity: 'critical',
});

/** A time as a person in any zone reads it. */
export const instant = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
