import { DOCUMENTS } from '@sluice/contracts';

import { count, list, object, oneOf, ref, rolloutId, type Schema, sha256, text, yes } from './parts.js';

const time: Schema = text({ format: 'date-time' });

const statement = {
  recorded: { ...time, description: 'By the clock of the service that wrote it.' },
  said: { ...time, description: 'In the id of the command that it answers, by the clock of who gave it.' },
  by: text({ description: '`user:ana`' }),
  type: text(),
  words: text(),
  reason: text(),
  evidence: ref('Evidence'),
};

const anything: Schema = { type: 'object' };

const change = object(
  {
    ...{ app: text(), group: text(), environment: text(), strategy: text(), version: text() },
    artifacts: list(object({ url: text(), sha256, service: text() }, 'service')),
    ...{ planHash: sha256, targetsHash: sha256, targets: count, canaries: count },
    batches: list(list(count)),
    ...{ budget: anything, waits: anything, approvals: anything, gates: list(text()), leftOut: count },
    ...{ ramp: text(), traffic: text(), rollbackOf: text(), restores: text() },
  },
  ...['ramp', 'traffic', 'rollbackOf', 'restores'],
);

const approval = object(
  {
    ...statement,
    approval: oneOf('canary', 'batches'),
    decision: oneOf('granted', 'rejected'),
    ...{ asked: time, planHash: sha256, isOfThisPlan: yes, isNotTheRequester: yes },
  },
  ...['said', 'reason', 'asked', 'planHash'],
);

export const RECORD_SCHEMAS = {
  Evidence: object({ position: count, stream: text(), rev: count, event: count, commit: sha256 }),
  Statement: object(statement, 'said', 'reason'),
  ChangeRecord: object({
    schema: oneOf(DOCUMENTS.changeRecord),
    rollout: rolloutId,
    state: text(),
    request: object(
      {
        ...{ id: text(), by: text(), documentHash: text(), reason: text(), references: list(text()) },
        evidence: ref('Evidence'),
      },
      ...['documentHash', 'reason'],
    ),
    change,
    times: list(object({ what: text(), recorded: time, said: time }, 'said')),
    approvals: list(approval),
    commands: list(ref('Statement')),
    decisions: list(ref('Statement')),
    omitted: object({ commands: count, decisions: count }),
    outcome: object({ counts: anything, notServing: count, targets: object({ lines: count, sha256 }) }),
    labels: list(ref('Statement')),
    notices: count,
    warnings: list(text()),
    streams: list(
      object({ stream: text(), commits: count, from: count, to: count, first: count, last: count, head: sha256 }),
    ),
    commits: list(object({ position: count, stream: text(), rev: count, recorded: time, sha256 })),
  }),
} as const;
