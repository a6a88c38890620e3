import { PHASES } from '@sluice/rollout';

import { STATES } from './rollouts.js';
import { count, instant, list, nullable, object, oneOf, page, ref, rolloutId, text } from './parts.js';

/** A part of another answer. */
const partOf = (path: string) => ({ $ref: `#/components/schemas/${path}` });

const nothing = { type: 'null', description: 'Not in the log.' } as const;
const notInLog = { ...list(text()), description: 'Fields that are null because the log does not tell them.' };

const ofGroup = (name: string) => partOf(`GroupDetail/properties/${name}`);
const ofVariable = (name: string) => partOf(`VariableDetail/properties/${name}`);

const memberThen = object(
  {
    group: text(),
    app: text(),
    host: text(),
    site: text(),
    running: nullable(text({ description: 'Null when the log does not say.' })),
    excluded: nullable(text()),
    rollout: { ...rolloutId, description: 'The rollout that the log knows it from.' },
    phase: { ...nullable(oneOf(...PHASES)), description: 'Where it stood in that; null when it was left out of it.' },
  },
  'site',
);

const groupThen = object({
  ...Object.fromEntries(
    ['name', 'app', 'environment', 'members', 'excluded', 'versions', 'active', 'waiting', 'rev', 'token'].map(
      (name) => [name, ofGroup(name)],
    ),
  ),
  exclusions: ofGroup('exclusions'),
  blocked: ofGroup('blocked'),
  history: ofGroup('history'),
  serving: nothing,
  down: nothing,
  inventory: nothing,
  sides: nothing,
  memberPage: page(memberThen),
  at: ref('AtMoment'),
  notInLog,
});

const ofTheVariable = [
  ...['fleet', 'name', 'rev', 'version', 'phase', 'fraction', 'counts', 'spec', 'actions', 'activeMs', 'durationMs'],
  ...['nextAt', 'stopped', 'roles', 'pins'],
];

const variableThen = object({
  ...Object.fromEntries(ofTheVariable.map((name) => [name, ofVariable(name)])),
  reported: nothing,
  at: ref('AtMoment'),
  notInLog,
});

const fleetGroup = object({
  name: text(),
  app: nullable(text()),
  environment: nullable(oneOf('production', 'test')),
  members: { ...count, description: 'Hosts that the log knows of.' },
  versions: list(
    object({
      version: text({ description: "'' where the log does not say." }),
      members: count,
      hosts: { ...list(text()), description: 'The first of them by name.' },
    }),
  ),
  succeeded: nullable(text({ description: 'The version that succeeded last here.' })),
  excluded: count,
  blocked: list(text()),
  active: nullable(object({ id: rolloutId, version: text(), state: oneOf(...STATES), done: count, targets: count })),
  waiting: nullable(rolloutId),
});

const change = object(
  {
    path: text({ description: 'RFC 6901.' }),
    from: { description: 'Missing where there was nothing.' },
    to: { description: 'Missing where there is nothing any more.' },
  },
  'from',
  'to',
);

export const PAST_SCHEMAS = {
  AtMoment: object({
    position: { ...count, description: 'Of the last commit that is in the answer; 0 when there is none.' },
    time: instant,
  }),
  GroupThen: groupThen,
  GroupNowOrThen: { oneOf: [ref('GroupDetail'), ref('GroupThen')] },
  VariableThen: variableThen,
  VariableNowOrThen: { oneOf: [ref('VariableDetail'), ref('VariableThen')] },
  Fleet: object({
    at: ref('AtMoment'),
    groups: page(fleetGroup),
    archived: { ...list(text()), description: 'Groups whose state then has left the log for the archive.' },
    freezes: partOf('Freezes/properties/items'),
    dependencies: partOf('Dependencies/properties/items'),
    holds: { ...partOf('Holds/properties/items'), description: 'Legal holds.' },
  }),
  Difference: object({
    from: ref('AtMoment'),
    to: ref('AtMoment'),
    counts: object({ added: count, removed: count, changed: count }),
    items: list(change),
    next: nullable(text()),
  }),
} as const;
