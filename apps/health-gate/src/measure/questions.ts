import { type QueryValues, spread } from '@sluice/gating';

import type { Json } from '../providers/port.js';
import type { RolloutWatch } from '../watch/rollout-watch.js';
import type { GateRow } from './rows.js';

/** What a judge outside is told. Its form is described in docs/gates.md. */
export function questionFor({ plan, id }: RolloutWatch, row: GateRow, values: QueryValues): Json {
  const { stage, phase, round, spec } = row;
  return {
    v: 1,
    gate: spec.name,
    phase,
    round,
    rollout: id,
    app: plan.app,
    group: plan.group,
    environment: plan.environment,
    version: plan.version,
    stage: stage.index,
    stageName: stage.name,
    side: values.side ?? null,
    oldSide: values.oldSide ?? null,
    hosts: spread(values.hosts),
    hostCount: values.hosts.length,
    since: row.since ?? null,
  };
}
