import {
  EMPTY_HEAD,
  EVENT_SCHEMAS,
  shardOfGroup,
  type VariableEvent,
  type VariableSpec,
  variableStreamId,
} from '@sluice/contracts';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';

import { readGroup } from '../inventory/definition.js';
import { SAMPLE_REQUEST, toBytes } from '../request/samples.js';
import { Rig } from './rig.suite.js';

const spec: VariableSpec = {
  ...{ name: 'docker', type: 'string', from: '1.6', to: '1.9', salt: '', limits: {} },
  schedule: { kind: 'linear', durationMs: 1_000 },
};
const { artifact: _, ...bare } = SAMPLE_REQUEST;
const request = { ...bare, strategy: 'ramp', ramp: { variable: 'docker', over: '14d' } };

function given(): Rig {
  const rig = new Rig();
  const read = readGroup({ name: 'shop-web', app: 'shop', environment: 'production', fleet: { name: 'backend' } }, '');
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  for (const definition of read.definitions) rig.inventory.define('api', definition, 'replace', rig.time);
  return rig;
}

/** What the executor has written of the variable. */
async function told(rig: Rig, ...events: readonly VariableEvent[]): Promise<void> {
  const stream = {
    shard: shardOfGroup('backend'),
    writer: 'variable',
    id: variableStreamId('backend', 'docker'),
  } as const;
  const head = (await rig.log.last(stream))?.head ?? EMPTY_HEAD;
  const meta = { by: { id: 'executor', kind: 'service' }, cause: 'c', corr: 'c' } as const;
  const draft = { id: rig.newId(), at: rig.time, events: events.map((event) => ({ event, meta })) };
  await rig.log.append(stream, head, draft);
}

const submit = (rig: Rig, more: object = {}) => rig.engine.submit(toBytes({ ...request, ...more }));

async function specOf(rig: Rig, id = ''): Promise<unknown> {
  const seal = (await rig.plans(id)).at(-1);
  if (seal?.type !== 'RolloutPlanned') throw new Error('no plan');
  const ajv = new Ajv({ strict: false, discriminator: true });
  expect(ajv.validate(EVENT_SCHEMAS.RolloutPlanned, JSON.parse(JSON.stringify({ ...seal, type: undefined })))).toBe(
    true,
  );
  return seal.plan.ramp?.spec;
}

const codes = (outcome: Awaited<ReturnType<typeof submit>>) =>
  (outcome.faults ?? []).map(({ path, code }) => `${path} ${code}`);

const started = { type: 'RampStarted', activeMs: 0, reason: 'r' } as const;
const finished = { type: 'RampFinished', side: 'to', counts: { from: 0, to: 9, pinned: 0 } } as const;

describe('a request that ramps a variable', () => {
  it('TSU-01 is planned without bytes, from the value that all hosts have', async () => {
    const rig = given();
    await told(rig, { type: 'VariableDefined', version: 1, spec, reason: 'r' }, started, finished);
    const outcome = await submit(rig);
    expect(outcome.outcome).toBe('planned');
    expect(await specOf(rig, outcome.rolloutId)).toMatchObject({ from: '1.9', to: '2.0.0' });
    expect(await submit(rig)).toMatchObject({ outcome: 'duplicate' });
  });

  it('TSU-01 is refused while the variable is under way, and planned once it has gone back', async () => {
    const rig = given();
    await told(rig, { type: 'VariableDefined', version: 1, spec, reason: 'r' }, started);
    expect(codes(await submit(rig))).toEqual(['/ramp/variable VARIABLE_BUSY']);
    await told(rig, { type: 'VariableReverted', count: 4, reason: 'r' });
    const outcome = await submit(rig, { id: 'again' });
    expect(await specOf(rig, outcome.rolloutId)).toMatchObject({ from: '1.6', to: '2.0.0' });
  });

  it('defines a variable that nobody knows, when it says what hosts have', async () => {
    const rig = given();
    expect(codes(await submit(rig))).toEqual(['/ramp/from REQUIRED']);
    const ramp = { ...request.ramp, from: '1.0' };
    expect((await submit(rig, { ramp })).outcome).toBe('planned');
  });

  it('a request that is no ramp still needs its bytes', async () => {
    const rig = given();
    rig.define([{ host: 'web-1' }], 'test', 'hosts');
    const { outcome, faults } = await submit(rig, { group: 'hosts', strategy: 'rolling', ramp: undefined });
    expect([outcome, faults]).toMatchObject(['refused', [{ path: '/artifact', code: 'REQUIRED' }]]);
  });

  it('a group is a fleet of its own name unless it says another, and has neither members nor sides', () => {
    const document = { name: 'docker', app: 'shop', environment: 'test', fleet: {} };
    expect(readGroup(document, '')).toMatchObject({ definitions: [{ group: { fleet: { name: 'docker' } } }] });
    const sides = { names: ['a', 'b'], services: [{ name: 'web' }], capacity: 'hook' };
    const both = readGroup({ ...document, members: ['h1'], sides }, '');
    expect(both).toMatchObject({
      faults: [{ code: 'SIDES_MEMBERS' }, { code: 'FLEET_MEMBERS' }, { code: 'FLEET_SIDES' }],
    });
  });
});
