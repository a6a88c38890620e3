import type {
  AttemptStatus,
  Hello,
  OutputQuery,
  OutputReply,
  ReportAnswer,
  RunCommand,
  RunReply,
  RunReport,
  StatusQuery,
} from '../agent-protocol.js';
import type { CommandEnvelope, DependencyCommand, GroupCommand, RolloutCommand } from '../commands.js';
import type { FreezeCommand } from '../freezes.js';
import type { HoldCommand } from '../holds.js';
import type { LabelCommand } from '../labels.js';
import type { FleetCommand, VariableCommand } from '../variables.js';
import {
  actor,
  approvalName,
  closed,
  code,
  commandId,
  count,
  durationMs,
  fellBack,
  instant,
  int,
  is,
  list,
  map,
  mode,
  name,
  nullable,
  oneOfTexts,
  open,
  reason,
  rolloutId,
  runKind,
  type Schema,
  sha256Hex,
  shownUrl,
  step,
  tag,
  text,
  traceparent,
  union,
  words,
  yes,
} from './parts.js';
import { holdCommand, labelCommand } from './record-schemas.js';
import { stepSpec } from './spec.js';
import { freezeCommand } from './traffic-schemas.js';
import { parserOf } from './validate.js';
import { fleetCommand, variableCommand } from './variable-schemas.js';

/** rollout/target/step/n: 30 + 600 (a name whose every byte is escaped) + the rest. */
const attempt = text(700, 1);
const steps = list(step, 8, 1);

const runCommand = closed(
  {
    v: is(1),
    attempt,
    rollout: rolloutId,
    host: name,
    target: count,
    kind: runKind,
    n: int(1, 1_000_000),
    token: int(0, Number.MAX_SAFE_INTEGER),
    steps,
    spec: stepSpec,
    specHash: sha256Hex,
    trace: traceparent,
  },
  'trace',
);

const statusQuery = closed({ v: is(1), attempt });

/** A failed step says why, and whether the app still serves; a good one needs none of it. */
const stepReport: Schema = {
  ...open(
    {
      step,
      ok: yes,
      ms: durationMs,
      note: oneOfTexts('local', 'waived'),
      code,
      message: words,
      serving: yes,
      source: shownUrl,
      fellBack,
    },
    'source',
    'fellBack',
    'note',
    'code',
    'message',
    'serving',
  ),
  if: { properties: { ok: { const: false } } },
  then: { required: ['code', 'message', 'serving'] },
};

const runReport = open({
  v: is(1),
  host: name,
  rollout: rolloutId,
  attempt,
  target: count,
  kind: runKind,
  n: int(1, 1_000_000),
  token: int(0, Number.MAX_SAFE_INTEGER),
  final: yes,
  steps: list(stepReport, 8),
});

const attemptStatus = union(
  'state',
  open({ state: tag('running'), step, report: runReport }),
  open({ state: tag('ended'), report: runReport }),
  open({ state: tag('neverSeen') }),
);

const refusal = open({
  ok: is(false),
  code: oneOfTexts('FENCED', 'SPEC_CHANGED', 'BUSY', 'BAD_RUN', 'WRONG_HOST'),
  message: words,
});
const known = union(
  'state',
  open({ ok: is(true), state: tag('accepted') }),
  open({ ok: is(true), state: tag('known'), status: attemptStatus }),
);

/** Told apart by the boolean `ok`, which `discriminator` cannot do. */
const byOk = (good: Schema, bad: Schema): Schema => ({
  type: 'object',
  properties: { ok: yes },
  required: ['ok'],
  if: { properties: { ok: { const: true } } },
  then: good,
  else: bad,
});

const runReply = byOk(known, refusal);
/** 64 KiB of bytes that are no UTF-8 are so many replacement characters. */
const outputReply = byOk(
  open({ ok: is(true), text: text(65_536), truncated: yes }),
  open({ ok: is(false), code: oneOfTexts('NO_OUTPUT', 'BAD_QUERY'), message: words }),
);
const outputQuery = closed({ v: is(1), rollout: rolloutId, step, n: int(1, 1_000_000) });

const reportAnswer = byOk(open({ ok: is(true) }), open({ ok: is(false), code, message: words, retry: yes }));

const helloApp = open({
  app: name,
  group: name,
  running: nullable(name),
  processStartedAt: nullable(instant),
  serving: yes,
  endpoint: nullable(text(300, 1)),
  localVersions: list(name, 64),
});

const hello = open(
  {
    v: is(1),
    host: name,
    at: instant,
    agent: open({ version: text(64, 1), startedAt: instant }),
    site: name,
    labels: map(text(256), 64),
    apps: list(helloApp, 256),
  },
  'site',
);

const rolloutCommand = union(
  'type',
  closed({ type: tag('approve'), approval: approvalName, planHash: sha256Hex }),
  closed({ type: tag('reject'), approval: approvalName }),
  ...['pause', 'resume', 'cancel', 'rollback', 'retry', 'proceed', 'hotfix', 'close'].map((type) =>
    closed({ type: tag(type) }),
  ),
  closed({ type: tag('skip'), host: name }),
  closed({ type: tag('waive'), host: name }),
  closed({ type: tag('override'), extraFailures: count }),
  closed({ type: tag('setMode'), mode }),
  closed({ type: tag('setWeight'), weight: int(0, 100) }),
  closed(
    { type: tag('setInterval'), intervalMs: durationMs, tailIntervalMs: durationMs },
    'intervalMs',
    'tailIntervalMs',
  ),
);

const groupCommand = union(
  'type',
  ...['exclude', 'include'].map((type) => closed({ type: tag(type), host: name })),
  ...['block', 'unblock'].map((type) => closed({ type: tag(type), version: name })),
);

const dependencyCommand = union(
  'type',
  closed({ type: tag('force'), mode: oneOfTexts('open', 'closed'), forMs: durationMs }),
  closed({ type: tag('release') }),
);

const envelope = (target: Schema, command: Schema): Schema =>
  closed({ v: is(1), id: commandId, target, command, actor, reason, expectedRev: count }, 'reason', 'expectedRev');

/** The JSON Schemas of the messages between processes, by name. */
export const MESSAGE_SCHEMAS = {
  RunCommand: runCommand,
  RunReply: runReply,
  StatusQuery: statusQuery,
  AttemptStatus: attemptStatus,
  OutputQuery: outputQuery,
  OutputReply: outputReply,
  RunReport: runReport,
  ReportAnswer: reportAnswer,
  Hello: hello,
  RolloutCommandEnvelope: envelope(rolloutId, rolloutCommand),
  GroupCommandEnvelope: envelope(name, groupCommand),
  DependencyCommandEnvelope: envelope(name, dependencyCommand),
  FreezeCommandEnvelope: envelope(name, freezeCommand),
  LabelCommandEnvelope: envelope(rolloutId, labelCommand),
  HoldCommandEnvelope: envelope(name, holdCommand),
  VariableCommandEnvelope: envelope(name, variableCommand),
  FleetCommandEnvelope: envelope(name, fleetCommand),
} as const satisfies Readonly<Record<string, Schema>>;

/**
 * Each reads one message, as bytes or as a value that was read from JSON already, and returns it typed.
 * Code BAD_MESSAGE otherwise, with `path` (RFC 6901) and `reason` in its details. Commands refuse what they do not
 * know; what agents send may hold more.
 */
export const parseRunCommand = parserOf<RunCommand>('RunCommand', MESSAGE_SCHEMAS.RunCommand);
export const parseRunReply = parserOf<RunReply>('RunReply', MESSAGE_SCHEMAS.RunReply);
export const parseStatusQuery = parserOf<StatusQuery>('StatusQuery', MESSAGE_SCHEMAS.StatusQuery);
export const parseAttemptStatus = parserOf<AttemptStatus>('AttemptStatus', MESSAGE_SCHEMAS.AttemptStatus);
export const parseOutputQuery = parserOf<OutputQuery>('OutputQuery', MESSAGE_SCHEMAS.OutputQuery);
export const parseOutputReply = parserOf<OutputReply>('OutputReply', MESSAGE_SCHEMAS.OutputReply);
export const parseRunReport = parserOf<RunReport>('RunReport', MESSAGE_SCHEMAS.RunReport);
export const parseReportAnswer = parserOf<ReportAnswer>('ReportAnswer', MESSAGE_SCHEMAS.ReportAnswer);
export const parseHello = parserOf<Hello>('Hello', MESSAGE_SCHEMAS.Hello);
export const parseRolloutCommand = parserOf<CommandEnvelope<RolloutCommand>>(
  'CommandEnvelope',
  MESSAGE_SCHEMAS.RolloutCommandEnvelope,
);
export const parseGroupCommand = parserOf<CommandEnvelope<GroupCommand>>(
  'CommandEnvelope',
  MESSAGE_SCHEMAS.GroupCommandEnvelope,
);
export const parseFreezeCommand = parserOf<CommandEnvelope<FreezeCommand>>(
  'CommandEnvelope',
  MESSAGE_SCHEMAS.FreezeCommandEnvelope,
);
export const parseLabelCommand = parserOf<CommandEnvelope<LabelCommand>>(
  'CommandEnvelope',
  MESSAGE_SCHEMAS.LabelCommandEnvelope,
);
export const parseHoldCommand = parserOf<CommandEnvelope<HoldCommand>>(
  'CommandEnvelope',
  MESSAGE_SCHEMAS.HoldCommandEnvelope,
);
export const parseDependencyCommand = parserOf<CommandEnvelope<DependencyCommand>>(
  'CommandEnvelope',
  MESSAGE_SCHEMAS.DependencyCommandEnvelope,
);
export const parseVariableCommand = parserOf<CommandEnvelope<VariableCommand>>(
  'CommandEnvelope',
  MESSAGE_SCHEMAS.VariableCommandEnvelope,
);
export const parseFleetCommand = parserOf<CommandEnvelope<FleetCommand>>(
  'CommandEnvelope',
  MESSAGE_SCHEMAS.FleetCommandEnvelope,
);
