import {
  count,
  instant,
  list,
  map,
  nullable,
  object,
  oneOf,
  page,
  ref,
  rolloutId,
  sha256,
  text,
  yes,
} from './parts.js';
import { inventorySides, sidesSchema } from './weights.js';
import { ROLES } from '../../access/permissions.js';

const versions = { ...map(count), description: "How many members run which version; '' = not known." };

const summary = {
  name: text(),
  app: nullable(text()),
  environment: nullable(oneOf('production', 'test')),
  members: count,
  serving: count,
  down: count,
  excluded: count,
  versions,
  active: nullable(rolloutId),
  waiting: nullable(rolloutId),
};

const member = object(
  {
    group: text(),
    app: text(),
    host: text(),
    site: text(),
    labels: map(text()),
    heardLabels: map(text()),
    down: yes,
    running: nullable(text()),
    serving: yes,
    lastSeen: instant,
    endpoint: nullable(text()),
    excluded: nullable(text()),
  },
  'site',
  'labels',
  'heardLabels',
  'down',
  'running',
  'serving',
  'lastSeen',
  'endpoint',
);

/** As in the spec of a plan. */
const profile = { $ref: '#/components/schemas/Plan/properties/spec/properties/profile' };

const inventory = object(
  {
    name: text(),
    app: text(),
    environment: oneOf('production', 'test'),
    profile,
    profiles: list(object({ labels: map(text()), profile })),
    verify: object(
      { path: text(), port: count, status: count, successes: count, intervalMs: count, timeoutMs: count },
      ...['path', 'port', 'status', 'successes', 'intervalMs', 'timeoutMs'],
    ),
    drainWindowMs: count,
    balancer: object({ name: text(), backend: text() }),
    selector: map(text()),
    sides: inventorySides,
  },
  'profile',
  'profiles',
  'verify',
  'drainWindowMs',
  'balancer',
  'selector',
  'sides',
);

const success = object(
  { version: text(), rolloutId, strategy: text(), sha256, restores: rolloutId, side: text() },
  'restores',
  'side',
);

const detail = {
  ...summary,
  rev: count,
  token: count,
  inventory: nullable(inventory),
  exclusions: list(object({ host: text(), reason: text() })),
  blocked: list(object({ version: text(), reason: text(), rolloutId }, 'rolloutId')),
  history: list(success),
  sides: nullable(sidesSchema),
};

const versionRow = object({
  version: text(),
  members: count,
  serving: count,
  hosts: { ...list(text()), description: 'The first of them by name.' },
});

const grant = object({
  role: oneOf(...ROLES),
  groups: { anyOf: [{ const: '*' }, list(text())] },
});

const token = {
  id: text(),
  subject: ref('Actor'),
  grants: list(grant),
  note: text(),
  createdAt: instant,
  createdBy: ref('Actor'),
  expiresAt: nullable(count),
  revokedAt: nullable(count),
  revokedBy: ref('Actor'),
};

const template = object({
  name: text(),
  version: { ...count, description: 'Another one after each change: If-Match takes it.' },
  source: { ...oneOf('file', 'api'), description: 'Who said it last.' },
  storedAt: instant,
  fields: ref('RequestTemplate'),
});

export const GROUP_SCHEMAS = {
  Template: template,
  TemplatePage: page(ref('Template')),
  GroupPage: page(object(summary)),
  GroupDetail: object({ ...detail, memberPage: page(member) }),
  GroupVersions: object({
    group: text(),
    app: nullable(text()),
    members: count,
    versions: list(versionRow),
    consistent: { ...yes, description: 'Every member runs the same version.' },
    rollout: nullable(rolloutId),
  }),
  AppVersions: object({
    app: text(),
    members: count,
    versions,
    consistent: { ...yes, description: 'Every member of every group that may be read runs the same version.' },
    groups: page(object({ group: text(), members: count, versions, consistent: yes })),
  }),
  Candidates: object({
    items: list(
      object({ version: text(), rolloutId, sha256, running: { ...count, description: 'Members that run it now.' } }),
    ),
  }),
  Token: object(token, 'note', 'revokedBy'),
  TokenPage: page(ref('Token')),
  NewToken: object({ ...token, token: text({ description: 'Shown now and never again.' }) }, 'note', 'revokedBy'),
  Me: object({ actor: ref('Actor'), grants: list(grant) }),
} as const;
