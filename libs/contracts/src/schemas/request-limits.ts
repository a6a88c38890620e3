import { MAX_DURATION_MS } from '@sluice/kernel';

import { VARIABLE_NAME_PATTERN } from '../variables.js';

/**
 * What texts of a request may be. They are regular expressions with the flag `u`, shared by the JSON Schema and the
 * planner's DTOs. A name starts with a letter, a digit or `_`, so that `..`, `a.>` and `*` never are one.
 */
export const REQUEST_PATTERNS = {
  name: '^[\\p{L}\\p{N}_][\\p{L}\\p{N}\\p{M}._@+-]{0,199}$',
  /** Becomes the name of a folder. */
  version: '^[A-Za-z0-9][A-Za-z0-9._+~-]{0,127}$',
  url: '^(?:https?|file)://[^\\s\\p{Cc}\\p{Cs}]{1,2000}$',
  sha256: '^[0-9a-f]{64}$',
  /** The form only; shares, sums and caps depend on the group. */
  batches: '^ *(?:[0-9]{1,6}|[0-9]{1,3}%(?: *\\+ *[0-9]{1,3}%){0,99}) *$',
  duration: '^[0-9]{1,9}(?:ms|s|m|h|d)$',
  path: '^/[^\\s\\p{Cc}\\p{Cs}]{0,2000}$',
  actor: '^[^\\p{Cc}\\p{Cs}]{1,200}$',
  label: '^(?!(?:__proto__|constructor)$)[\\p{L}\\p{N}_][\\p{L}\\p{N}\\p{M}._@+-]{0,199}$',
  note: '^[^\\u0000\\p{Cs}]{1,500}$',
  reason: '^[^\\u0000\\p{Cs}]{0,2000}$',
  program: '^[^\\u0000\\p{Cs}]{1,4096}$',
  argument: '^[^\\u0000\\p{Cs}]{0,4096}$',
  /** A source of the health-gate, as its configuration names it. */
  gateSource: '^[a-z0-9][a-z0-9-]{0,62}$',
  query: '^[^\\u0000\\p{Cs}]{1,4000}$',
  header:
    "^(?!(?:constructor|toString|valueOf|hasOwnProperty|isPrototypeOf|propertyIsEnumerable|toLocaleString)$)[A-Za-z0-9!#$%&'*+.^_|~-]{1,200}$",
  headerValue: '^[\\x20-\\x7e]{0,4000}$',
  requestPath: '^/[\\x21-\\x7e]{0,1999}$',
  requestBody: '^[^\\p{Cs}]{0,100000}$',
  expected: '^[^\\p{Cs}]{1,2000}$',
  variable: '^(?!(?:__proto__|constructor)$)[A-Za-z_][A-Za-z0-9_]{0,199}$',
  /** Of desired state. */
  rampVariable: VARIABLE_NAME_PATTERN,
  role: '^(?!(?:__proto__|constructor)$)(?:\\*|[\\p{L}\\p{N}_][\\p{L}\\p{N}\\p{M}._@+-]{0,199})$',
} as const;

/** Whole numbers of a request: [least, most]. */
export const REQUEST_LIMITS = {
  tailFrom: [2, 100_000],
  failureThreshold: [0, 100],
  extraFailures: [0, 100_000],
  minServing: [0, 100_000],
  port: [1, 65_535],
  status: [100, 599],
  successes: [1, 100],
  stopGraceMs: [0, 86_400_000],
  stepTimeoutMs: [1, MAX_DURATION_MS],
  arguments: [1, 64],
  variables: [0, 100],
  sources: [0, 8],
  stepRetries: [0, 10],
  gates: [0, 16],
  labels: [1, 64],
  services: [1, 100],
  publishers: [0, 16],
  /** Stages of a shift. */
  weights: [1, 100],
  weight: [1, 100],
  smokeAt: [1, 101],
  smokeWeight: [0, 100],
  /** Never 0: a side without capacity would count as ready. */
  preScale: [1, 100],
  gatePhases: [1, 3],
  measurements: [0, 100_000],
  passes: [1, 1_000],
  /** Values of a series that are judged at once. */
  samples: [1, 500],
  events: [0, 1_000_000],
  metrics: [1, 32],
  looks: [1, 10_000],
  score: [0, 100],
  smokeRequests: [0, 100],
  headers: [0, 32],
  replayed: [1, 100_000],
  perSecond: [1, 500],
  requestMs: [1, 600_000],
  hostCount: [0, 100_000],
  rampPoints: [1, 100],
  percent: [0, 100],
  scalar: [0, 4_000],
  roles: [0, 1_000],
  changes: [1, 10_000],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;
