import { type ArtifactRef, type DeployRequest, EVENT_SCHEMAS, type Plan, type RequestOutcome } from '@sluice/contracts';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';

import { readGroup } from '../inventory/definition.js';
import { SAMPLE_REQUEST, toBytes } from '../request/samples.js';
import { PlannerEngine } from './planner-engine.js';
import type { ArtifactLook } from './ports.js';
import { Rig } from './rig.suite.js';

const sides = {
  names: ['flip', 'flop'],
  services: [{ name: 'web', groups: { flip: 'web-flip', flop: 'web-flop' } }],
};
const document = { name: 'shop-web', app: 'shop', environment: 'production', sides };

function define(rig: Rig, group: unknown): void {
  const read = readGroup(group, '');
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  for (const definition of read.definitions) rig.inventory.define('api', definition, 'replace', rig.time);
}

/** A group with two sides of one service. */
function given(): Rig {
  const rig = new Rig();
  for (const name of ['web-flip', 'web-flop']) rig.define([{ host: `${name}-1` }], 'production', name);
  define(rig, document);
  return rig;
}

async function planOf(rig: Rig, outcome: RequestOutcome): Promise<Plan> {
  const seal = (await rig.plans(outcome.rolloutId ?? '')).at(-1);
  if (seal?.type !== 'RolloutPlanned') throw new Error(JSON.stringify(outcome));
  return seal.plan;
}

const codes = ({ faults = [] }: RequestOutcome): readonly string[] => faults.map(({ path, code }) => `${path} ${code}`);

describe('a request that shifts traffic', () => {
  it('SWB-03 fixes its stages: the same id with other weights is refused, and changes nothing', async () => {
    const rig = given();
    const traffic = { weights: [1, 50, 100] };
    const first = await rig.submit({ id: 'release-7', traffic });
    const plan = await planOf(rig, first);
    expect(plan.traffic?.weights.map(({ weight }) => weight)).toEqual([1, 50, 100]);
    const other = await rig.submit({ id: 'release-7', traffic: { weights: [100] } });
    expect([other.outcome, codes(other)]).toEqual(['refused', ['/id ID_REUSED']]);
    expect(await planOf(rig, first)).toEqual(plan);
    expect(await rig.submit({ id: 'release-7', traffic })).toEqual({ ...first, outcome: 'duplicate' });
  });

  it('is previewed as it is planned, in one sealed commit', async () => {
    const rig = given();
    const preview = await rig.preview();
    const outcome = await rig.submit();
    expect(preview).toMatchObject({ planHash: outcome.planHash });
    expect(preview.batches.map(({ name }) => name)).toContain('weight 1');
    expect((await rig.plans(outcome.rolloutId ?? '')).map(({ type }) => type)).toEqual(['RolloutPlanned']);
  });

  it('is written in the form that the log has for it, with every kind of gate', async () => {
    const rig = given();
    const gates = [
      { name: 'a', source: 'm', measure: { kind: 'threshold', query: 'x', limit: 1 } },
      { name: 'b', source: 'm', measure: { kind: 'burnRate', bad: '{{window}}', total: '{{window}}', objective: 0.9 } },
      { name: 'c', source: 'm', measure: { kind: 'comparison', metrics: [{ name: 'x', canary: 'c', baseline: 'b' }] } },
      { name: 'd', source: 'm', measure: { kind: 'smoke', requests: [{ path: '/', headers: { accept: '*/*' } }] } },
      { name: 'e', source: 'm', measure: { kind: 'webhook' } },
    ];
    const artifacts = { web: { url: 'https://store.example/web-2.tgz', sha256: 'cd'.repeat(32) } };
    const approvals = { batches: 'required' };
    const outcome = await rig.submit({ gates, approvals, traffic: { artifacts } });
    const { type: _, ...payload } = (await rig.plans(outcome.rolloutId ?? '')).at(-1) ?? { type: 'none' };
    const ajv = new Ajv({ allErrors: true, strict: false, discriminator: true });
    expect(ajv.validate(EVENT_SCHEMAS.RolloutPlanned, payload), ajv.errorsText()).toBe(true);
    expect(payload).toMatchObject({ plan: { gateSpecs: { length: 5 } } });
  });

  it('SWB-01 goes to the side that is dark by the log: away from that of the last success', async () => {
    const rig = given();
    const success = { version: '1.0.0', rolloutId: 'r07-0123456789ABCDEFGHJKMNPQRS', sha256: 'ab'.repeat(32) };
    const shift = async (id: string) => (await planOf(rig, await rig.submit({ id }))).traffic;
    expect(await shift('a')).toMatchObject({ oldSide: 'flip', newSide: 'flop' });
    await rig.group({ type: 'VersionSucceeded', ...success, strategy: 'traffic', side: 'flop' });
    expect(await shift('b')).toMatchObject({ oldSide: 'flop', newSide: 'flip' });
    const checkpoint = { token: 1, blocked: [], excluded: [], dropped: [], blockedFor: [] };
    const history = [{ ...success, strategy: 'traffic', side: 'flop' } as const];
    await rig.group({ type: 'GroupCheckpointed', ...checkpoint, history });
    expect(await shift('c')).toMatchObject({ oldSide: 'flop', newSide: 'flip' });
  });

  it('SWB-16 asks for the groups of its services before it plans', async () => {
    const rig = given();
    define(rig, {
      ...document,
      sides: { ...sides, services: [...sides.services, { name: 'index', groups: { flip: 'i-1', flop: 'i-2' } }] },
    });
    const { faults = [] } = await rig.submit();
    expect(faults.map(({ message }) => /the group "([^"]+)"/.exec(message)?.[1])).toEqual(['i-1', 'i-2']);
  });

  it('SWB-16 asks the CMDB for those that nobody has told of', async () => {
    const rig = given();
    const services = [{ name: 'web', groups: { flip: 'web-flip', flop: 'web-new' } }];
    define(rig, { ...document, sides: { ...sides, services } });
    const asked: string[] = [];
    const sync = (name: string) => {
      asked.push(name);
      if (name === 'web-new') rig.define([{ host: 'new-1' }], 'production', name);
      return Promise.resolve({});
    };
    const outcome = await new PlannerEngine({ ...rig.parts(), cmdb: { sync } }).submit(toBytes(SAMPLE_REQUEST));
    expect([outcome.outcome, asked]).toEqual(['planned', ['shop-web', 'web-new']]);
  });

  it('takes a template, and says where its own words do not fit a group of hosts', async () => {
    const rig = given();
    const fields = { traffic: { weights: [10, 100], dwell: '1m' }, strategy: 'traffic' } as const;
    rig.inventory.templateStore.put('slow', fields, { source: 'api', version: 1, fetchedAt: rig.time });
    const shift = (await planOf(rig, await rig.submit({ template: 'slow' }))).traffic;
    expect(shift).toMatchObject({ dwellMs: 60_000, weights: [{ weight: 10 }, { weight: 100 }] });
    const onHosts = await rig.submit({ template: 'slow', group: 'web-flip' });
    expect(codes(onHosts)).toEqual(['/strategy NO_SIDES']);
  });

  it('names the place of each fault in the form of its gates', async () => {
    const rig = given();
    const smoke = { name: 'smoke', source: 'web', measure: { kind: 'smoke', requests: [{ path: 'x' }] } };
    const gates = [
      smoke,
      { name: 'e', measure: { kind: 'threshold', query: 'x', limt: 1 } },
      { measure: { kind: 'sql' } },
      'fast',
    ];
    expect(codes(await rig.submit({ gates, traffic: { weights: [0], preScale: 0 } })).toSorted()).toEqual([
      '/gates/0/measure/requests/0/path BAD_VALUE',
      '/gates/1/measure/limit REQUIRED',
      '/gates/1/measure/limt UNKNOWN_FIELD',
      '/gates/2/measure/kind BAD_CHOICE',
      '/gates/2/name REQUIRED',
      '/gates/3 BAD_GATES',
      '/traffic/preScale BAD_NUMBER',
      '/traffic/weights BAD_NUMBERS',
    ]);
  });
});

it.each(['shop-web', 'web-flip'])(
  'a request for %s is refused for whatever is missing, and never fails',
  async (group) => {
    const rig = given();
    const whole = { ...SAMPLE_REQUEST, group };
    for (const field of ['app', 'version', 'artifact', 'gates', 'traffic', 'strategy']) {
      const outcome = await rig.engine.submit(toBytes({ ...whole, [field]: null }));
      expect([outcome.outcome, codes(outcome).map((code) => code.split(' ')[0])]).toEqual(['refused', [`/${field}`]]);
    }
  },
);

describe('MOM-02 an artifact that the planner looks at', () => {
  const artifact = { ...SAMPLE_REQUEST.artifact, check: 'planner' } as const;
  const submit = async (looks: readonly ArtifactLook[], request: Partial<DeployRequest> = {}) => {
    const rig = given();
    const seen: string[] = [];
    const look = ({ url }: ArtifactRef) => {
      seen.push(url);
      return Promise.resolve(looks[seen.length - 1] ?? ({ kind: 'same' } as const));
    };
    const engine = new PlannerEngine({ ...rig.parts(), artifacts: { look } });
    const outcome = await engine.submit(toBytes({ ...SAMPLE_REQUEST, artifact, ...request }));
    return { rig, outcome, seen };
  };

  it('is planned when it is what the request says, and the plan does not tell of the look', async () => {
    const { rig, outcome, seen } = await submit([]);
    expect(seen).toEqual([artifact.url]);
    expect((await planOf(rig, outcome)).spec.artifact).toEqual(SAMPLE_REQUEST.artifact);
  });

  it.each<[ArtifactLook, string]>([
    [{ kind: 'missing', words: 'it answered with status 404' }, '/artifact/url ARTIFACT_MISSING'],
    [{ kind: 'differs', words: 'the bytes there have another sha256' }, '/artifact/sha256 ARTIFACT_MISMATCH'],
  ])('is refused when it is not: %j', async (look, fault) => {
    const { outcome } = await submit([look]);
    expect([outcome.outcome, codes(outcome), outcome.faults?.[0]?.message]).toEqual([
      'refused',
      [fault],
      expect.stringContaining(look.kind === 'same' ? '' : look.words),
    ]);
  });

  it('is looked at with those of the services, and not at all unless that is asked for', async () => {
    const index = { url: 'https://store.example/index-2.tgz', sha256: 'cd'.repeat(32) };
    const traffic = { artifacts: { web: index } };
    const missing = { kind: 'missing', words: 'no' } as const;
    const { outcome, seen } = await submit([{ kind: 'same' }, missing], { traffic });
    expect([seen, codes(outcome)]).toEqual([
      [artifact.url, index.url],
      ['/traffic/artifacts/web/url ARTIFACT_MISSING'],
    ]);
    expect((await submit([missing], { artifact: SAMPLE_REQUEST.artifact })).outcome.outcome).toBe('planned');
  });

  it('is not waited for by a preview', async () => {
    const rig = given();
    const clock = { ...rig.clock, schedule: (_: number, run: () => void) => (queueMicrotask(run), () => undefined) };
    const look = () => new Promise<ArtifactLook>(() => undefined);
    const engine = new PlannerEngine({ ...rig.parts(), clock, artifacts: { look } });
    expect(await engine.preview({ ...SAMPLE_REQUEST, artifact })).toMatchObject({ ok: true });
    const missing = () => Promise.resolve({ kind: 'missing', words: 'no' } as const);
    const quick = new PlannerEngine({ ...rig.parts(), artifacts: { look: missing } });
    expect(await quick.preview({ ...SAMPLE_REQUEST, artifact })).toMatchObject({
      ok: false,
      faults: [{ code: 'ARTIFACT_MISSING' }],
    });
  });

  it('is not fetched for a request that is refused anyway, and refused where nobody can look', async () => {
    const { outcome, seen } = await submit([], { traffic: { weights: [1] } });
    expect([codes(outcome), seen]).toEqual([['/traffic/weights WEIGHTS_END'], []]);
    expect(codes(await given().submit({ artifact }))).toEqual(['/artifact/check ARTIFACT_NOT_CHECKED']);
  });
});
