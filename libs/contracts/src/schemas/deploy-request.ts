import { STEP_CHAIN } from '../plan.js';
import { REQUEST_API_VERSION } from '../request.js';
import { GATES_SCHEMA } from './gate-documents.js';
import { REQUEST_LIMITS, REQUEST_PATTERNS } from './request-limits.js';
import { choice, closed, duration, int, places, text } from './request-parts.js';
import { RAMP_WISHES_SCHEMA } from './ramp-wishes.js';
import { TRAFFIC_WISHES_SCHEMA } from './traffic-wishes.js';

const argv = {
  type: 'array',
  description: 'A program and its arguments; no shell is involved.',
  prefixItems: [text('program', 'The program.')],
  items: text('argument', 'One argument.'),
  minItems: REQUEST_LIMITS.arguments[0],
  maxItems: REQUEST_LIMITS.arguments[1],
};

const env = {
  type: 'object',
  description: 'Environment variables for the app. Do not put secrets here: a request is kept in the log.',
  propertyNames: { pattern: REQUEST_PATTERNS.variable },
  additionalProperties: text('argument', 'The value.'),
  maxProperties: REQUEST_LIMITS.variables[1],
};

const hook = { command: argv, timeoutMs: int('stepTimeoutMs', 'Milliseconds that it may take.') };
const hookNeeds = ['command', 'timeoutMs'];

/** Names and values of labels: as in the inventory. */
const labels = {
  type: 'object',
  propertyNames: { pattern: REQUEST_PATTERNS.label },
  additionalProperties: text('reason', 'The value.'),
  maxProperties: REQUEST_LIMITS.labels[1],
};

const processProfile = closed(
  'Unpack into releases/<version>, move `current`, stop the old process and confirm it, start the new one.',
  {
    kind: { const: 'process' },
    command: {
      ...argv,
      description: 'argv, run in the folder of the release with PORT, SLUICE_APP, SLUICE_VERSION and SLUICE_HOST set.',
    },
    env,
    stopGraceMs: int('stopGraceMs', 'Milliseconds from SIGTERM to SIGKILL.'),
    preStop: closed(
      'Of the old release, before its SIGTERM; in its folder, with its environment.',
      { ...hook, required: { type: 'boolean', description: 'When it fails, the app is not stopped.', default: false } },
      hookNeeds,
    ),
    postStart: closed(
      'Of the new release, after its start and before verify; in its folder, with its environment.',
      hook,
      hookNeeds,
    ),
    recreate: {
      type: 'boolean',
      description: "Always fetch, and lay the release's folder out anew.",
      default: false,
    },
    self: {
      type: 'boolean',
      description: 'The app is the agent itself, which hands over to the new version.',
      default: false,
    },
  },
  ['kind', 'command', 'stopGraceMs'],
);

const execProfile = closed(
  'Scripts of your own, one for each step. A step without a script is done by the agent, or is empty.',
  {
    kind: { const: 'exec' },
    steps: closed('argv for each step.', {
      drain: argv,
      download: argv,
      install: argv,
      verify: argv,
      enable: argv,
      probe: argv,
    }),
    env,
    stepTimeoutMs: int('stepTimeoutMs', 'Milliseconds that one script may take.'),
  },
  ['kind', 'steps', 'stepTimeoutMs'],
);

/** The two ways to install (design 6, step profiles). */
export const PROFILE_SCHEMA = { oneOf: [processProfile, execProfile] } as const;

/** One value for each step of the chain that it is said for. */
const bySteps = (description: string, value: (step: string) => object) =>
  closed(description, Object.fromEntries(STEP_CHAIN.map((step) => [step, value(step)])));

/**
 * JSON Schema (draft 2020-12) of a deploy request. It says what form a request has; what also depends on the group (the
 * largest share of a batch, whether the group exists, a blocked version) is said by the planner's answer.
 */
export const DEPLOY_REQUEST_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:sluice:schema:deploy-request:v1',
  title: 'Deploy request',
  ...closed(
    'Deploy this version of an app to a group of hosts. Publish it as JSON on sluice.request.deploy.<app>, or send JSON or YAML to the API. Only app, group, version and artifact are needed; a ramp has no artifact.',
    {
      apiVersion: { const: REQUEST_API_VERSION, description: 'The version of this format.' },
      kind: { const: 'DeployRequest', description: 'The kind of this document.' },
      id: text(
        'name',
        'Your own name for this request. The same id twice is one rollout. Without it, equal documents are one rollout.',
      ),
      template: text(
        'name',
        'A plan template of the inventory; each field that this request has itself takes the place of the one there.',
      ),
      app: text('name', 'The app: the same as the last token of the subject.'),
      group: text('name', 'The group of hosts, as the inventory names it.'),
      version: text('version', 'The version to deploy; it names a folder on the hosts.', { examples: ['2.0.0'] }),
      artifact: closed(
        'Where the bytes are, and what they must be.',
        {
          ...places,
          check: {
            const: 'planner',
            description:
              'The planner fetches the bytes before it plans, and refuses the request when they are not there or not these.',
          },
        },
        ['url', 'sha256'],
      ),
      strategy: choice(
        ['canary', 'rolling', 'scaleOut', 'traffic', 'blueGreen', 'ramp'],
        'canary (the default in production): one host first, held until approved. scaleOut: a version that has succeeded in this group, to its hosts that do not run it yet. For groups with sides: traffic (the default there) shifts it step by step, blueGreen in one switch, canary a small share first. For groups that are a fleet: ramp.',
      ),
      batches: text(
        'batches',
        'How much at once: the largest share (25%), 0% (one at a time), a pattern that adds up to 100%, or a number of batches. At most 50% at once in production.',
        { examples: ['25%', '0%', '10%+20%+20%+50%', '4'] },
      ),
      interval: duration('Wait before batch 2 and each later one. 60s in production, none in test, unless said here.', {
        examples: ['30s', '5m'],
      }),
      tailInterval: duration('Wait before batch tailFrom and each later one; the same as interval unless said here.'),
      tailFrom: int('tailFrom', 'The first batch that waits tailInterval.', { default: 3 }),
      canary: closed('The first host.', { host: text('name', 'Its name; the first of the group in order otherwise.') }),
      bake: duration('How long the enabled canary is watched before other batches. 5m in production, none in test.'),
      approvals: closed('Who lets the other batches go.', {
        batches: choice(
          ['required', 'policy'],
          'required: a person approves. policy: the bake time and gates suffice.',
        ),
      }),
      startTimeout: duration('How long the app may take to start and pass verify.', { default: '180s' }),
      ignoreVerify: { type: 'boolean', description: 'Enable a host even if verify fails.', default: false },
      failureThreshold: int(
        'failureThreshold',
        'Percent of the group that may fail before the brake; the batch share otherwise.',
      ),
      extraFailures: int('extraFailures', 'So many lost hosts do not count.', { default: 0 }),
      minServing: int('minServing', 'So many hosts must serve at any time, whatever else allows less.', { default: 0 }),
      targets: closed(
        'Which members of the group, by their labels; those of the selector of the group unless said here.',
        { labels: { ...labels, minProperties: 1, description: 'Only members that have all of these.' } },
        ['labels'],
      ),
      inventory: closed('How fresh the inventory must be.', {
        maxAge: duration('An older one is refused.', { examples: ['15m'] }),
        allowStale: text('note', 'Why an older one will do; the plan says so.'),
      }),
      mode: choice(['automatic', 'manual'], 'manual: each batch waits for a person.', { default: 'automatic' }),
      onCanaryFailure: choice(['hold', 'rollback'], 'What follows when the canary fails.', { default: 'hold' }),
      gates: GATES_SCHEMA,
      traffic: TRAFFIC_WISHES_SCHEMA,
      ramp: RAMP_WISHES_SCHEMA,
      dataCompatible: choice(
        ['bothWays', 'oneWay'],
        'oneWay: old and new cannot share their data. Then only a shift of traffic between sides is allowed, and a person approves before its first weight.',
        { default: 'bothWays' },
      ),
      profile: {
        description: "How to install; the group's profile unless said here.",
        ...PROFILE_SCHEMA,
      },
      verify: closed('How a host asks its app whether it works; the group may say so too.', {
        path: text('path', 'Path of the health check.', { default: '/health' }),
        port: int('port', "Port of the app on the host; the agent's port for the app otherwise."),
        status: int('status', 'The HTTP status that counts as success.', { default: 200 }),
        successes: int('successes', 'So many successes in a row.', { default: 3 }),
        interval: duration('Between two checks.', { default: '1s' }),
      }),
      drainWindow: duration('From out of service to the first touch, so that requests in flight end.', {
        default: '5s',
      }),
      lb: choice(
        ['required', 'degrade'],
        'What follows when the load balancer of the group does not answer. required: the brake. degrade: hosts are updated without it, and the log says so for each.',
        { default: 'required' },
      ),
      prefetch: {
        type: 'boolean',
        description: 'Download before the host leaves service, so that it is out for a shorter time.',
        default: false,
      },
      rollbackable: {
        type: 'boolean',
        description: 'false: nothing leads back from this version, so that a rollback of it is refused.',
        default: true,
      },
      stepRetries: bySteps('How often a failed step is tried again by itself, before its host counts as failed.', () =>
        int('stepRetries', 'So many more tries.', { default: 0 }),
      ),
      onVerifyFailure: {
        description: 'What follows when verify failed for good.',
        oneOf: [
          { const: 'giveUp', description: 'The host counts as failed: the default.' },
          closed(
            'The host serves all the same.',
            {
              then: { const: 'waive' },
              waivedBy: text('actor', 'The person who answers for it; the audit shows the name.'),
            },
            ['then', 'waivedBy'],
          ),
        ],
      },
      deadlines: bySteps('A step that takes longer is ended and fails with STEP_TIMEOUT.', (step) =>
        duration(`For ${step}.`),
      ),
      mixedVersions: choice(
        ['allowed', 'forbidden'],
        'forbidden: old and new must never serve side by side. Then only blueGreen is possible, which switches all traffic at once.',
        { default: 'allowed' },
      ),
      requestedBy: closed(
        'Who asks. The approver must be somebody else.',
        {
          id: text('actor', 'The name that the audit shows.'),
          kind: choice(['user', 'service', 'agent', 'policy'], 'What it is.'),
        },
        ['id', 'kind'],
      ),
      reason: text('reason', 'Why, for the audit.'),
    },
    ['app', 'group', 'version'],
  ),
  // What a variable is set to has no bytes.
  if: { properties: { strategy: { const: 'ramp' } }, required: ['strategy'] },
  else: { required: ['artifact'] },
  examples: [
    {
      app: 'hello',
      group: 'hello-web',
      version: '2.0.0',
      artifact: { url: 'https://artifacts.example/hello-2.0.0.tgz', sha256: 'ab'.repeat(32) },
      batches: '25%',
      interval: '30s',
    },
  ],
} as const;
