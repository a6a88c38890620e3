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
import { attemptId } from '../agent-protocol.js';
import type { CommandEnvelope, DependencyCommand, GroupCommand, RolloutCommand } from '../commands.js';
import type { FleetCommand, VariableCommand } from '../variables.js';
import { hashOf } from '../hashing.js';
import type { StepSpec } from '../plan.js';

const rollout = 'r07-0123456789ABCDEFGHJKMNPQRS';
const host = 'web-01.example';

/** Samples of every message, for the tests of their schemas. */
export const SAMPLE_SPEC: StepSpec = {
  app: 'hello',
  group: 'hello-web',
  version: '2.0.0',
  artifact: { url: 'https://store.example/hello-2.0.0.tgz', sha256: 'ab'.repeat(32) },
  profile: { kind: 'process', command: ['node', 'server.js'], env: { NODE_ENV: 'production' }, stopGraceMs: 10_000 },
  verify: { path: '/healthz', port: 8080, status: 200, successes: 2, intervalMs: 500, timeoutMs: 60_000 },
  ignoreVerify: false,
  drainWindowMs: 2_000,
};

export const SAMPLE_RUN: RunCommand = {
  v: 1,
  attempt: attemptId(rollout, host, 'drain', 1),
  rollout,
  host,
  target: 3,
  kind: 'roll',
  n: 1,
  token: 7,
  steps: ['drain', 'download', 'install', 'verify', 'enable'],
  spec: SAMPLE_SPEC,
  specHash: hashOf(SAMPLE_SPEC),
};

const hooked: RunCommand = {
  ...SAMPLE_RUN,
  spec: {
    ...SAMPLE_SPEC,
    artifact: {
      ...SAMPLE_SPEC.artifact,
      sources: [{ site: 'fra', url: 'https://fra.example/hello-2.0.0.tgz' }, { url: 'file:///srv/hello-2.0.0.tgz' }],
    },
    profile: {
      kind: 'process',
      command: ['node', 'server.js'],
      stopGraceMs: 10_000,
      preStop: { command: ['./leave'], timeoutMs: 5_000, required: true },
      postStart: { command: ['./join', 'now'], timeoutMs: 5_000 },
      recreate: true,
      self: false,
    },
    deadlinesMs: { download: 60_000, install: 30_000 },
  },
};

const scripts: RunCommand = {
  ...SAMPLE_RUN,
  spec: {
    ...SAMPLE_SPEC,
    profile: { kind: 'exec', steps: { install: ['/opt/install', 'now'] }, stepTimeoutMs: 60_000 },
  },
};

export const SAMPLE_REPORT: RunReport = {
  v: 1,
  host,
  rollout,
  attempt: SAMPLE_RUN.attempt,
  target: 3,
  kind: 'roll',
  n: 1,
  token: 7,
  final: true,
  steps: [
    { step: 'drain', ok: true, ms: 2_004 },
    {
      step: 'download',
      ok: true,
      ms: 12,
      source: 'https://store.example/hello-2.0.0.tgz',
      fellBack: [{ url: 'https://fra.example/hello-2.0.0.tgz', code: 'DOWNLOAD_REFUSED' }],
    },
    {
      step: 'install',
      ok: false,
      ms: 90,
      code: 'STOP_TIMEOUT',
      message: 'the old process did not stop: stop it, then retry',
      serving: false,
    },
  ],
};

const outputs: readonly OutputReply[] = [
  { ok: true, text: 'listens on 8080\n', truncated: false },
  { ok: false, code: 'NO_OUTPUT', message: 'nothing was kept of it' },
];

const statuses: readonly AttemptStatus[] = [
  { state: 'running', step: 'install', report: { ...SAMPLE_REPORT, final: false, steps: [] } },
  { state: 'ended', report: SAMPLE_REPORT },
  { state: 'neverSeen' },
];

const replies: readonly RunReply[] = [
  { ok: true, state: 'accepted' },
  ...statuses.map((status): RunReply => ({ ok: true, state: 'known', status })),
  { ok: false, code: 'FENCED', message: 'a newer rollout owns this group' },
];

const answers: readonly ReportAnswer[] = [
  { ok: true },
  { ok: false, code: 'NOT_OWNER', message: 'ask again', retry: true },
];

export const SAMPLE_HELLO: Hello = {
  v: 1,
  host,
  at: 1_767_225_600_000,
  agent: { version: '0.1.0', startedAt: 1_767_225_500_000 },
  site: 'fra',
  labels: { rack: 'r1' },
  apps: [
    {
      app: 'hello',
      group: 'hello-web',
      running: '1.0.0',
      processStartedAt: 1_767_225_510_000,
      serving: true,
      endpoint: '10.0.0.1:8080',
      localVersions: ['1.0.0', '0.9.0'],
    },
    {
      app: 'idle',
      group: 'idle',
      running: null,
      processStartedAt: null,
      serving: false,
      endpoint: null,
      localVersions: [],
    },
  ],
};

const queries: readonly StatusQuery[] = [{ v: 1, attempt: SAMPLE_RUN.attempt }];

const rolloutCommands: readonly RolloutCommand[] = [
  { type: 'approve', approval: 'canary', planHash: 'cd'.repeat(32) },
  { type: 'reject', approval: 'batches' },
  { type: 'pause' },
  { type: 'resume' },
  { type: 'cancel' },
  { type: 'rollback' },
  { type: 'retry' },
  { type: 'skip', host },
  { type: 'waive', host },
  { type: 'override', extraFailures: 2 },
  { type: 'proceed' },
  { type: 'setMode', mode: 'manual' },
  { type: 'setInterval', tailIntervalMs: 0 },
  { type: 'close' },
];

const groupCommands: readonly GroupCommand[] = [
  { type: 'exclude', host },
  { type: 'include', host },
  { type: 'block', version: '3.0.0' },
  { type: 'unblock', version: '3.0.0' },
];

const dependencyCommands: readonly DependencyCommand[] = [
  { type: 'force', mode: 'open', forMs: 900_000 },
  { type: 'release' },
];

const variableCommands: readonly VariableCommand[] = [
  {
    type: 'define',
    spec: {
      name: 'docker_version',
      type: 'string',
      from: '1.6',
      to: '1.9',
      schedule: { kind: 'linear', durationMs: 1_209_600_000 },
      limits: { '*': { maxPercent: 30, minHosts: 1 }, login: { pace: { changes: 1, windowMs: 600_000 } } },
      salt: '',
    },
  },
  { type: 'ramp' },
  { type: 'resume', spite: { freezes: ['01ARZ3NDEKTSV4RRFFQ69G5FAV'], by: 'ana' } },
  { type: 'revert' },
  { type: 'pin', hosts: [host], value: '1.6' },
  { type: 'unpin', hosts: [host] },
];

const fleetCommands: readonly FleetCommand[] = [
  { type: 'join', hosts: [{ host, role: 'login' }] },
  { type: 'leave', hosts: [host] },
  { type: 'breach', words: 'errors 3.1% > 1%', numbers: { errors: 3.1, limit: 1 }, variables: ['docker_version'] },
  { type: 'breach', words: 'errors 3.1% > 1%', numbers: {} },
];

const envelope = <C>(target: string, command: C): CommandEnvelope<C> => ({
  v: 1,
  id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  target,
  command,
  actor: { id: 'ana', kind: 'user' },
  reason: 'because',
  expectedRev: 4,
});

export const MESSAGE_SAMPLES = {
  RunCommand: [SAMPLE_RUN, scripts, hooked, { ...SAMPLE_RUN, trace: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` }],
  OutputQuery: [{ v: 1, rollout, step: 'install', n: 1 } satisfies OutputQuery],
  OutputReply: outputs,
  RunReply: replies,
  StatusQuery: queries,
  AttemptStatus: statuses,
  RunReport: [SAMPLE_REPORT],
  ReportAnswer: answers,
  Hello: [SAMPLE_HELLO],
  RolloutCommandEnvelope: rolloutCommands.map((command) => envelope(rollout, command)),
  GroupCommandEnvelope: groupCommands.map((command) => envelope('hello-web', command)),
  DependencyCommandEnvelope: dependencyCommands.map((command) => envelope('main', command)),
  VariableCommandEnvelope: variableCommands.map((command) => envelope('web/docker_version', command)),
  FleetCommandEnvelope: fleetCommands.map((command) => envelope('web', command)),
} as const;
