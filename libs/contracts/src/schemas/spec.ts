import { MAX_DURATION_MS } from '@sluice/kernel';

import {
  closed,
  durationMs,
  int,
  list,
  map,
  MAX_SOURCES,
  name,
  pattern,
  sha256Hex,
  step,
  tag,
  text,
  union,
  yes,
  type Schema,
} from './parts.js';

const argv = list(text(4_096), 256, 1);
const environment = map(text(32_768), 256);

const url = pattern('^(https?|file)://', 2_048);
const sources = list(closed({ site: name, url }, 'site'), MAX_SOURCES);
export const artifact = closed({ url, sha256: sha256Hex, sources }, 'sources');

export const verify = closed(
  {
    path: pattern('^/', 2_048),
    port: int(1, 65_535),
    status: int(100, 599),
    successes: int(1, 1_000),
    intervalMs: durationMs,
    timeoutMs: durationMs,
  },
  'port',
);

const timeoutMs = int(1, MAX_DURATION_MS);

const processProfile = closed(
  {
    kind: tag('process'),
    command: argv,
    env: environment,
    stopGraceMs: durationMs,
    preStop: closed({ command: argv, timeoutMs, required: yes }, 'required'),
    postStart: closed({ command: argv, timeoutMs }),
    recreate: yes,
    self: yes,
  },
  'env',
  'preStop',
  'postStart',
  'recreate',
  'self',
);

const scripts = closed(
  { drain: argv, download: argv, install: argv, verify: argv, enable: argv, probe: argv },
  'drain',
  'download',
  'install',
  'verify',
  'enable',
  'probe',
);

const execProfile = closed({ kind: tag('exec'), steps: scripts, env: environment, stepTimeoutMs: durationMs }, 'env');

export const profile = union('kind', processProfile, execProfile);

const deadlinesMs: Schema = {
  type: 'object',
  propertyNames: step,
  additionalProperties: timeoutMs,
};

/** What an agent needs to do the steps of one attempt. */
export const stepSpec: Schema = closed(
  {
    app: name,
    group: name,
    version: name,
    artifact,
    profile,
    verify,
    ignoreVerify: yes,
    drainWindowMs: durationMs,
    deadlinesMs,
    balanced: yes,
  },
  'deadlinesMs',
  'balanced',
);
