import { describe, expect, it } from 'vitest';

import { ocsfOf } from './ocsf.js';
import type { EventRow } from './rows.js';

type Kind = 'integer' | 'text' | 'object' | 'list';

/**
 * What OCSF 1.4.0 asks of class 6003, API Activity: its required attributes and those of the objects in it, their types,
 * and for enumerations what they may hold (ocsf-schema, events/application/api_activity.json and what it extends).
 */
const REQUIRED: readonly (readonly [path: string, kind: Kind, allowed?: readonly unknown[]])[] = [
  ['activity_id', 'integer', [0, 1, 2, 3, 4, 99]],
  ['category_uid', 'integer', [6]],
  ['class_uid', 'integer', [6003]],
  ['severity_id', 'integer', [0, 1, 2, 3, 4, 5, 6, 99]],
  ['time', 'integer'],
  ['type_uid', 'integer', [600_300, 600_301, 600_302, 600_303, 600_304, 600_399]],
  ['metadata', 'object'],
  ['metadata.version', 'text', ['1.4.0']],
  ['metadata.product', 'object'],
  ['metadata.product.name', 'text'],
  ['metadata.product.vendor_name', 'text'],
  ['actor', 'object'],
  ['api', 'object'],
  ['api.operation', 'text'],
  ['src_endpoint', 'object'],
];

/** What need not be there, and has a type and a meaning when it is. */
const OPTIONAL: typeof REQUIRED = [
  ['activity_name', 'text', ['Unknown', 'Create', 'Read', 'Update', 'Delete', 'Other']],
  ['category_name', 'text', ['Application Activity']],
  ['class_name', 'text', ['API Activity']],
  ['message', 'text'],
  ['status_id', 'integer', [0, 1, 2, 99]],
  ['metadata.uid', 'text'],
  ['metadata.event_code', 'text'],
  ['metadata.log_name', 'text'],
  ['metadata.original_time', 'text'],
  ['metadata.sequence', 'integer'],
  ['metadata.correlation_uid', 'text'],
  ['actor.app_name', 'text'],
  ['actor.user', 'object'],
  ['actor.user.type_id', 'integer', [0, 1, 2, 3, 99]],
  ['api.request', 'object'],
  ['api.service', 'object'],
  ['resources', 'list'],
  ['unmapped', 'object'],
];

/** Of these one at least. */
const ONE_OF: readonly (readonly [path: string, names: readonly string[]])[] = [
  ['actor', ['process', 'user', 'invoked_by', 'session', 'app_name', 'app_uid']],
  ['actor.user', ['account', 'name', 'uid']],
  ['src_endpoint', ['ip', 'uid', 'name', 'hostname', 'svc_name', 'instance_uid', 'interface_uid', 'interface_name']],
  ['api.service', ['name', 'uid']],
];

const TOP: ReadonlySet<string> = new Set([
  ...[...REQUIRED, ...OPTIONAL].map(([path]) => path.split('.')[0] ?? ''),
  ...['status', 'severity', 'type_name'],
]);

const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((inner, name) => (inner as Readonly<Record<string, unknown>> | undefined)?.[name], value);

const isOf = (value: unknown, kind: Kind): boolean => {
  if (kind === 'integer') return Number.isSafeInteger(value);
  if (kind === 'text') return typeof value === 'string' && value !== '';
  return kind === 'list' ? Array.isArray(value) : typeof value === 'object' && value !== null && !Array.isArray(value);
};

type Event = Readonly<Record<string, unknown>>;

/** What the schema has against it. */
const faultsOf = (event: Event): readonly string[] => [
  ...Object.keys(event).flatMap((name) => (TOP.has(name) ? [] : [`${name} is no attribute of the class`])),
  ...REQUIRED.flatMap(([path, kind, allowed]) => faultOf(event, path, kind, allowed)),
  ...OPTIONAL.flatMap(([path, kind, allowed]) =>
    at(event, path) === undefined ? [] : faultOf(event, path, kind, allowed),
  ),
  ...ONE_OF.flatMap(([path, names]) => lacking(at(event, path), path, names)),
  ...numbersOf(event),
];

function faultOf(event: Event, path: string, kind: Kind, allowed?: readonly unknown[]): readonly string[] {
  const value = at(event, path);
  if (!isOf(value, kind)) return [`${path} is ${JSON.stringify(value)}, no ${kind}`];
  return allowed?.includes(value) === false ? [`${path} may not be ${JSON.stringify(value)}`] : [];
}

function lacking(object: unknown, path: string, names: readonly string[]): readonly string[] {
  const isNamed = names.some((name) => isOf(at(object, name), 'text') || isOf(at(object, name), 'object'));
  return object === undefined || isNamed ? [] : [`${path} has none of ${names.join(', ')}`];
}

function numbersOf(event: Event): readonly string[] {
  const type = Number(at(event, 'class_uid')) * 100 + Number(at(event, 'activity_id'));
  const unnamed = ((event['resources'] ?? []) as readonly object[]).filter(
    (one) => !('uid' in one) && !('name' in one),
  );
  return [
    ...(at(event, 'type_uid') === type ? [] : [`type_uid is not ${type}`]),
    ...(unnamed.length === 0 ? [] : ['a resource has no name']),
  ];
}

const row: EventRow = {
  position: 7,
  stream: 'exec.r06-QA04CJJWEB4BX0V9E5XCATMX3X',
  rev: 3,
  event: 0,
  at: 1_767_225_600_000,
  type: 'RolloutBraked',
  app: 'shop',
  group: 'shop-prod',
  rollout: 'r06-QA04CJJWEB4BX0V9E5XCATMX3X',
  actor: 'executor',
  actorKind: 'service',
  cause: 'report:1',
  corr: 'req-1',
  commit: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  data: { cause: { kind: 'budget' } },
};

describe('an event as OCSF', () => {
  it.each([
    ['a brake', row],
    ['what a person did', { ...row, type: 'ApprovalGranted', actor: 'ana', actorKind: 'user' }],
    ['what a host said', { ...row, type: 'StepFailed', actor: 'h-01', actorKind: 'agent' }],
    ['a plan', { ...row, type: 'RolloutPlanned', stream: `plan.${row.rollout}` }],
    ['a refusal', { ...row, type: 'RequestRefused', rollout: '', stream: 'plan.q06-X' }],
    [
      'what has no rollout, no app, no cause and no request',
      { ...row, rollout: '', app: '', group: '', cause: '', corr: '' },
    ],
  ] as const)('is of the schema: %s', (_, event) => {
    expect(faultsOf(ocsfOf(event))).toEqual([]);
  });

  it('is what it was: a plan creates, a failure failed, a brake is grave', () => {
    expect(ocsfOf({ ...row, type: 'RolloutPlanned' })).toMatchObject({ activity_id: 1, type_uid: 600_301 });
    expect(ocsfOf({ ...row, type: 'StepFailed' })).toMatchObject({ activity_id: 3, status_id: 2, severity_id: 3 });
    expect(ocsfOf(row)).toMatchObject({ status_id: 1, severity_id: 4, time: row.at, message: 'RolloutBraked' });
  });

  it('is held against the table: what is missing or another is told', () => {
    const { actor: _, ...rest } = ocsfOf(row);
    expect(faultsOf({ ...rest, type_uid: 1, severity_id: 7, mood: 'good' })).toEqual(
      expect.arrayContaining([
        'mood is no attribute of the class',
        'severity_id may not be 7',
        'actor is undefined, no object',
        'type_uid is not 600303',
      ]),
    );
  });
});
