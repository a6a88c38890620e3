import { FLEET_BATCH, MAX_FLEET_HOSTS, MAX_FLEET_ROLES, VARIABLE_NAME_PATTERN } from '../variables.js';
import {
  closed,
  count,
  durationMs,
  instant,
  int,
  list,
  map,
  name,
  oneOfTexts,
  pattern,
  reason,
  tag,
  text,
  union,
  words,
} from './parts.js';
import { targets } from './rollout-event-schemas.js';

/** A value of a variable. */
export const scalar = { anyOf: [text(4_000), { type: 'number' }, { type: 'boolean' }] };

const linear = closed({ kind: oneOfTexts('linear'), durationMs });
const point = {
  type: 'array',
  items: [durationMs, { type: 'number', minimum: 0, maximum: 1 }],
  minItems: 2,
  maxItems: 2,
};
const points = closed({ kind: oneOfTexts('points'), points: list(point, 100, 1) });

const roleLimit = closed(
  {
    maxPercent: { type: 'number', minimum: 0, maximum: 100 },
    minHosts: count,
    maxHosts: count,
    pace: closed({ changes: int(1, 100_000), windowMs: durationMs }),
  },
  'maxPercent',
  'minHosts',
  'maxHosts',
  'pace',
);

const variableName = pattern(VARIABLE_NAME_PATTERN, 100);

const variableSpec = closed({
  name: variableName,
  type: oneOfTexts('string', 'number', 'boolean'),
  from: scalar,
  to: scalar,
  schedule: { type: 'object', oneOf: [linear, points] },
  limits: map(roleLimit, 10_000),
  salt: text(200),
});

/** The ramp of a plan. */
export const planRamp = closed({ fleet: name, spec: variableSpec });

export const rampPhase = oneOfTexts(
  ...(['defined', 'ramping', 'paused', 'stopped', 'finished', 'reversing', 'reversed', 'reverted'] as const),
);

const someHosts = list(name, 10_000, 1);
const bare = (type: string) => closed({ type: tag(type) });
/** As many as can hold at once. */
const spite = closed({ freezes: list(name, 1_000, 1), by: name });

/** What may be said to a variable. */
export const variableCommand = union(
  'type',
  closed({ type: tag('define'), spec: variableSpec }),
  ...['pause', 'stop', 'reverse', 'revert', 'finish'].map(bare),
  ...['ramp', 'resume'].map((type) => closed({ type: tag(type), spite }, 'spite')),
  closed({ type: tag('pin'), hosts: someHosts, value: scalar }),
  closed({ type: tag('unpin'), hosts: someHosts }),
);

/** What was measured, by name. */
const numbers = map({ type: 'number' }, 32);

/** What may be said to a fleet. */
export const fleetCommand = union(
  'type',
  closed({ type: tag('join'), hosts: list(closed({ host: name, role: name }), FLEET_BATCH, 1) }),
  closed({ type: tag('leave'), hosts: list(name, FLEET_BATCH, 1) }),
  closed({ type: tag('breach'), words, numbers, variables: list(variableName, 1_000, 1) }, 'variables'),
);

const hosts = targets;
const number = int(0, MAX_FLEET_HOSTS - 1);
const activeMs = durationMs;
const moved = closed({ activeMs, reason });
const goesOn = closed({ activeMs, reason, spite }, 'spite');
const stopCause = closed({ kind: oneOfTexts('command', 'breach'), words, numbers });

const direction = { type: 'integer', enum: [1, -1] };
const change = { type: 'array', items: [instant, count], minItems: 2, maxItems: 2 };

const checkpoint = closed(
  {
    version: int(1, 1_000_000),
    spec: variableSpec,
    phase: rampPhase,
    direction,
    activeMs,
    since: instant,
    stopped: stopCause,
    spite,
    hosts,
    pins: list(closed({ host: number, value: scalar }), 10_000),
    paces: list(closed({ role: name, changes: list(change, 10_000) }), 10_000),
  },
  'since',
  'stopped',
  'spite',
);

/** Payload of version 1 of what a ramp says on the stream of its rollout. */
export const RAMP_EVENT_SCHEMAS = {
  RampSeen: closed({ phase: rampPhase, to: count, hosts: count, words }, 'words'),
} as const;

/** Payloads of version 1 of the events on `variable` streams. */
export const VARIABLE_EVENT_SCHEMAS = {
  HostsJoined: closed({ role: name, from: number, names: list(name, 100_000, 1) }),
  HostsReturned: closed({ role: name, hosts }),
  HostsMoved: closed({ role: name, hosts }),
  HostsLeft: closed({ hosts, reason }, 'reason'),
  RosterCheckpointed: closed({
    part: int(1, 100_000),
    parts: int(1, 100_000),
    roles: list(name, MAX_FLEET_ROLES),
    from: count,
    names: list(name, 100_000),
    places: list(int(-1, MAX_FLEET_ROLES - 1), 100_000),
  }),
  VariableDefined: closed({ version: int(1, 1_000_000), spec: variableSpec, reason }),
  RampStarted: goesOn,
  RampReversed: moved,
  RampPaused: moved,
  RampResumed: goesOn,
  RampStopped: closed({ activeMs, cause: stopCause, reason }, 'reason'),
  RampFinishOrdered: moved,
  RampFinished: closed({ side: oneOfTexts('from', 'to'), counts: closed({ from: count, to: count, pinned: count }) }),
  VariableReverted: closed({ count, reason }),
  HostsPinned: closed({ hosts, value: scalar, reason }),
  HostsUnpinned: closed({ hosts, reason }),
  VariableCheckpointed: checkpoint,
  ValuesAssigned: closed({ hosts, side: oneOfTexts('from', 'to'), rule: oneOfTexts('ramp', 'join') }),
} as const;
