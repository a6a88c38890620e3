import type { Plan } from '@sluice/contracts';

import { referencesIn } from './moments.js';
import type { ChangeRecord, Evidence, RecordedChange } from './schema.js';

type Artifact = RecordedChange['artifacts'][number];

export function requestOf(plan: Plan, evidence: Evidence): ChangeRecord['request'] {
  const { requestId: id, documentHash, reason, requestedBy } = plan;
  return {
    id,
    by: `${requestedBy.kind}:${requestedBy.id}`,
    ...(documentHash === undefined ? {} : { documentHash }),
    ...(reason === undefined ? {} : { reason }),
    references: referencesIn(reason ?? ''),
    evidence,
  };
}

/** What was changed, as the plan fixes it. */
export function changeOf(plan: Plan, planHash: string): RecordedChange {
  const { app, group, environment, strategy, version, targetsHash, canaries, batches, budget, waits } = plan;
  return {
    ...{ app, group, environment, strategy, version, artifacts: artifactsOf(plan), planHash, targetsHash },
    ...{ targets: plan.targetCount, canaries, batches, budget, waits, approvals: plan.approvals },
    gates: [...plan.gates, ...(plan.gateSpecs ?? []).map(({ name }) => name)],
    leftOut: plan.leftOut.length,
    ...shiftOf(plan),
    ...(plan.rollbackOf === undefined ? {} : { rollbackOf: plan.rollbackOf }),
    ...(plan.restores === undefined ? {} : { restores: plan.restores }),
  };
}

function artifactsOf({ ramp, spec, traffic }: Plan): readonly Artifact[] {
  const own: readonly Artifact[] = ramp === undefined ? [{ url: spec.artifact.url, sha256: spec.artifact.sha256 }] : [];
  const ofServices = (traffic?.services ?? []).flatMap(({ name, artifact }): readonly Artifact[] =>
    artifact === undefined ? [] : [{ url: artifact.url, sha256: artifact.sha256, service: name }],
  );
  return [...own, ...ofServices];
}

const shiftOf = ({ ramp, traffic }: Plan): Pick<RecordedChange, 'ramp' | 'traffic'> => ({
  ...(ramp === undefined ? {} : { ramp: JSON.stringify(ramp) }),
  ...(traffic === undefined ? {} : { traffic: `${traffic.oldSide} -> ${traffic.newSide}` }),
});
