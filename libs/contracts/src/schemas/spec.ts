import {
  closed,
  durationMs,
  int,
  list,
  map,
  name,
  pattern,
  sha256Hex,
  tag,
  text,
  union,
  yes,
  type Schema,
} from './parts.js';

const argv = list(text(4_096), 256, 1);
const environment = map(text(32_768), 256);

export const artifact = closed({ url: pattern('^(https?|file)://', 2_048), sha256: sha256Hex });

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

const processProfile = closed(
  { kind: tag('process'), command: argv, env: environment, stopGraceMs: durationMs },
  'env',
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

/** What an agent needs to do the steps of one attempt. */
export const stepSpec: Schema = closed({
  app: name,
  group: name,
  version: name,
  artifact,
  profile,
  verify,
  ignoreVerify: yes,
  drainWindowMs: durationMs,
});
