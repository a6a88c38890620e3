import { DEPLOY_REQUEST_SCHEMA, PROFILE_SCHEMA } from './deploy-request.js';
import { REQUEST_LIMITS, REQUEST_PATTERNS } from './request-limits.js';

const MAX_GROUPS = 100_000;
const MAX_MEMBERS = 200_000;
const MAX_PROFILES = 64;

const name = { type: 'string', pattern: REQUEST_PATTERNS.name };
const duration = { type: 'string', pattern: REQUEST_PATTERNS.duration };
const within = ([minimum, maximum]: readonly [number, number]) => ({ type: 'integer', minimum, maximum });

const labels = {
  type: 'object',
  maxProperties: 64,
  propertyNames: { pattern: REQUEST_PATTERNS.name },
  additionalProperties: { type: 'string', pattern: REQUEST_PATTERNS.reason },
};

const member = {
  description: 'The name of a host, or more about it.',
  anyOf: [
    name,
    {
      type: 'object',
      properties: {
        host: name,
        site: name,
        labels,
        down: { type: 'boolean', description: 'Known not to be there: it is left out of plans.' },
      },
      required: ['host'],
      additionalProperties: false,
    },
  ],
};

const sideName = { type: 'string', pattern: REQUEST_PATTERNS.label };

const sides = {
  type: 'object',
  description: 'Two sides between which traffic shifts. Such a group has neither members nor a balancer.',
  properties: {
    names: {
      type: 'array',
      description: 'Both sides. The first is live when nothing was ever shifted.',
      items: sideName,
      minItems: 2,
      maxItems: 2,
      uniqueItems: true,
    },
    services: {
      type: 'array',
      description: 'What stands on each side, and moves together.',
      items: {
        type: 'object',
        properties: {
          name: sideName,
          groups: {
            type: 'object',
            description: 'By side: the group of hosts that serves it there (with the capacity agents).',
            propertyNames: sideName,
            additionalProperties: name,
            minProperties: 2,
            maxProperties: 2,
          },
        },
        required: ['name'],
        additionalProperties: false,
      },
      minItems: REQUEST_LIMITS.services[0],
      maxItems: REQUEST_LIMITS.services[1],
    },
    capacity: {
      ...name,
      description: "agents: the groups of hosts; otherwise a command hook's name (SLUICE_CAPACITY).",
      default: 'agents',
    },
    publish: {
      type: 'array',
      description: 'Where weights go besides the bucket sluice_weights.',
      items: {
        type: 'object',
        properties: {
          publisher: { ...name, description: "Its name among the executor's balancers (SLUICE_BALANCERS)." },
          backend: { ...name, description: 'What it calls this group.' },
        },
        required: ['publisher', 'backend'],
        additionalProperties: false,
      },
      maxItems: REQUEST_LIMITS.publishers[1],
    },
  },
  required: ['names', 'services'],
  additionalProperties: false,
};

/** JSON Schema of one group of the inventory and its members, as GroupDocument. */
export const INVENTORY_GROUP_SCHEMA = {
  type: 'object',
  properties: {
    name,
    app: name,
    environment: { type: 'string', enum: ['production', 'test'] },
    profile: PROFILE_SCHEMA,
    profiles: {
      type: 'array',
      description:
        'By type of machine: a member takes the first one whose labels it has, else the profile of the group.',
      items: {
        type: 'object',
        properties: { labels: { ...labels, minProperties: 1 }, profile: PROFILE_SCHEMA },
        required: ['labels', 'profile'],
        additionalProperties: false,
      },
      maxItems: MAX_PROFILES,
    },
    verify: {
      type: 'object',
      properties: {
        path: { type: 'string', pattern: REQUEST_PATTERNS.path },
        port: within(REQUEST_LIMITS.port),
        status: within(REQUEST_LIMITS.status),
        successes: within(REQUEST_LIMITS.successes),
        interval: duration,
      },
      additionalProperties: false,
    },
    startTimeout: duration,
    drainWindow: duration,
    balancer: {
      type: 'object',
      description: 'The load balancer that takes the hosts of this group out of service and puts them back.',
      properties: {
        name: { ...name, description: "Its name among the executor's balancers (SLUICE_BALANCERS)." },
        backend: { ...name, description: 'What it calls this group; its servers have the names of the hosts.' },
      },
      required: ['name', 'backend'],
      additionalProperties: false,
    },
    sides,
    fleet: {
      type: 'object',
      description:
        'The hosts are those of a fleet: they join by asking for their desired state, so none is listed here.',
      properties: { name: { ...name, description: 'The fleet; named as the group unless said here.' } },
      additionalProperties: false,
    },
    selector: {
      ...labels,
      minProperties: 1,
      description: 'Labels of the members that a request goes to which names none; `cluster` is the site by default.',
    },
    members: { type: 'array', items: member, maxItems: MAX_MEMBERS },
    version: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  },
  required: ['name', 'app', 'environment'],
  additionalProperties: false,
} as const;

const MAX_TEMPLATES = 1_000;

/** What makes a request this one request: no template can say it. */
const OWN_FIELDS: readonly string[] = [
  'apiVersion',
  'kind',
  'id',
  'template',
  'app',
  'group',
  'version',
  'artifact',
  'requestedBy',
  'reason',
];

/** JSON Schema of one plan template, as RequestTemplate. */
export const TEMPLATE_SCHEMA = {
  type: 'object',
  description: 'Fields of a request, for all requests that name this template.',
  properties: Object.fromEntries(
    Object.entries<object>(DEPLOY_REQUEST_SCHEMA.properties).filter(([field]) => !OWN_FIELDS.includes(field)),
  ),
  additionalProperties: false,
} as const;

/** JSON Schema (draft 2020-12) of the inventory file. */
export const INVENTORY_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:sluice:schema:inventory:v1',
  title: 'Inventory',
  description: 'The groups of hosts that Sluice deploys to.',
  type: 'object',
  properties: {
    groups: { type: 'array', items: INVENTORY_GROUP_SCHEMA, maxItems: MAX_GROUPS },
    templates: {
      type: 'object',
      description: 'Plan templates by name.',
      propertyNames: { pattern: REQUEST_PATTERNS.name },
      additionalProperties: TEMPLATE_SCHEMA,
      maxProperties: MAX_TEMPLATES,
    },
  },
  required: ['groups'],
  additionalProperties: false,
} as const;
