import {
  estimateOf,
  hashOf,
  type Plan,
  type PlanEvent,
  type PlanPreview,
  type PlanTarget,
  type PreviewBatch,
  stageAt,
  stageCount,
} from '@sluice/contracts';
import { invariant } from '@sluice/kernel';

import type { PlanDraft } from './plan-input.js';

/** A plan with the hashes that an approval names. `targets`: canaries first, then the batches in order. */
export interface SealedPlan {
  readonly plan: Plan;
  readonly planHash: string;
  readonly targets: readonly PlanTarget[];
}

export function sealPlan(draft: PlanDraft, targets: readonly PlanTarget[]): SealedPlan {
  invariant(draft.targetCount === targets.length, 'a plan must count its targets', { rollout: draft.rolloutId });
  const plan: Plan = { ...draft, targetsHash: hashOf(targets) };
  return { plan, planHash: hashOf(plan), targets };
}

/** What a person sees before submitting: the same plan, and its hosts by stage. */
export function previewOf({ plan, planHash, targets }: SealedPlan): PlanPreview {
  const batches: PreviewBatch[] = [];
  for (let index = 0; index < stageCount(plan); index += 1) {
    const stage = stageAt(plan, index);
    if (stage === undefined) break;
    batches.push(previewBatch(stage.name, targets.slice(stage.from, stage.to)));
  }
  return { plan, planHash, batches, estimate: estimateOf(plan) };
}

function previewBatch(name: string, targets: readonly PlanTarget[]): PreviewBatch {
  const hosts = targets.map(({ host }) => host);
  const others = targets.flatMap(({ host, profile }) => (profile === undefined ? [] : [[host, profile] as const]));
  return { name, hosts, ...(others.length === 0 ? {} : { profiles: Object.fromEntries(others) }) };
}

const encoder = new TextEncoder();
const MAX_CHUNK_BYTES = 128 * 1024;

/** A plan's targets as PlanTargetsAdded events, each of at most about 128 KiB, so that any commit holds at least one. */
export function chunkTargets(targets: readonly PlanTarget[], from = 0): readonly PlanEvent[] {
  const chunks: PlanEvent[] = [];
  let [start, bytes] = [from, 0];
  for (let i = from; i < targets.length; i += 1) {
    const size = encoder.encode(JSON.stringify(targets[i])).length + 1;
    if (i > start && bytes + size > MAX_CHUNK_BYTES) {
      chunks.push({ type: 'PlanTargetsAdded', from: start, targets: targets.slice(start, i) });
      [start, bytes] = [i, 0];
    }
    bytes += size;
  }
  if (start < targets.length) chunks.push({ type: 'PlanTargetsAdded', from: start, targets: targets.slice(start) });
  return chunks;
}
