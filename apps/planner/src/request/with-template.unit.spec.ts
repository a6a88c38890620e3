import type { Plan } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { Rig } from '../engine/rig.suite.js';
import { InventoryCommands } from '../inventory/commands.js';
import { InventoryStore, type InventoryChange } from '../inventory/store.js';

const nothing = () => undefined;
const log = { info: nothing, warn: nothing, error: nothing, debug: nothing };

const careful = { strategy: 'rolling', batches: '10%', interval: '5m', stepRetries: { verify: 3 } } as const;

class TemplateRig extends Rig {
  readonly commands = new InventoryCommands(this.inventory, this.clock, log);

  command(target: string, command: Readonly<Record<string, unknown>>, expectedRev?: number) {
    const envelope = { v: 1, id: 'c', target, command, actor: { id: 'ana', kind: 'user' } } as const;
    return this.commands.apply({ ...envelope, ...(expectedRev === undefined ? {} : { expectedRev }) });
  }

  async plan(request: object): Promise<Plan> {
    const outcome = await this.submit(request);
    const seal = (await this.plans(outcome.rolloutId ?? '')).at(-1);
    if (seal?.type !== 'RolloutPlanned') throw new Error(`no plan: ${JSON.stringify(outcome)}`);
    return seal.plan;
  }
}

describe('plan templates', () => {
  it('XIM-04 two plans from one template, each with its own overrides', async () => {
    const rig = new TemplateRig();
    rig.hosts(20);
    expect(await rig.command('careful', { type: 'putTemplate', template: careful })).toMatchObject({ state: 'stored' });
    const plain = await rig.plan({ id: 'one', template: 'careful' });
    expect(plain).toMatchObject({
      strategy: 'rolling',
      batches: [[2, 10]],
      waits: { intervalMs: 300_000 },
      stepRetries: { verify: 3 },
    });
    const changed = await rig.plan({ id: 'two', template: 'careful', batches: '50%', stepRetries: { drain: 1 } });
    expect(changed).toMatchObject({ strategy: 'rolling', batches: [[10, 2]], waits: { intervalMs: 300_000 } });
    // An override is of a whole field.
    expect(changed.stepRetries).toEqual({ drain: 1 });
  });

  it('an unknown one is refused with the names that are known', async () => {
    const rig = new TemplateRig();
    rig.hosts(3);
    const none = await rig.submit({ template: 'careful' });
    expect(none.faults).toMatchObject([{ path: '/template', code: 'TEMPLATE_UNKNOWN' }]);
    await rig.command('swift', { type: 'putTemplate', template: {} });
    const some = await rig.submit({ id: 'two', template: 'careful' });
    expect(some.faults?.[0]?.message).toContain('the inventory has swift');
    await rig.command('swift', { type: 'removeTemplate' });
    expect((await rig.submit({ id: 'three', template: 'swift' })).outcome).toBe('refused');
  });

  it('faults of its values are found with the group that they are used for', async () => {
    const rig = new TemplateRig();
    rig.hosts(3);
    await rig.command('all', { type: 'putTemplate', template: { batches: '100%' } });
    expect((await rig.submit({ template: 'all' })).faults).toMatchObject([{ path: '/batches', code: 'BATCHES_SHARE' }]);
    rig.define([{ host: 'web-1' }], 'test');
    expect((await rig.submit({ id: 'two', template: 'all' })).outcome).toBe('planned');
  });

  it.each([
    { app: 'shop' },
    { version: '1' },
    { id: 'x' },
    { template: 'x' },
    { requestedBy: { id: 'a', kind: 'user' } },
  ])('cannot say what makes a request this one: %j', async (fields) => {
    const result = await new TemplateRig().command('bad', { type: 'putTemplate', template: fields });
    expect(result).toMatchObject({ ok: false, code: 'BAD_INVENTORY' });
  });

  it('is stored, and adopted by other planners, whichever is the newer', async () => {
    const changes: InventoryChange[] = [];
    const store = new InventoryStore((change) => changes.push(change));
    const origin = (at: number) => ({ source: 'api', version: at, fetchedAt: at }) as const;
    store.templateStore.put('careful', { batches: '10%' }, origin(1));
    store.templateStore.put('careful', careful, origin(2));
    expect(store.templateStore.put('careful', {}, origin(1))).toBe(false);
    const other = new InventoryStore();
    for (const { key, record } of changes.toReversed()) other.adopt(key, record);
    expect(await other.templates()).toEqual(new Map([['careful', careful]]));
    other.adopt(changes[0]?.key ?? '', undefined);
    expect(await other.templates()).toEqual(new Map());
  });

  it('is not overwritten by somebody who looked at an older one', async () => {
    const rig = new TemplateRig();
    await rig.command('careful', { type: 'putTemplate', template: careful });
    const late = await rig.command('careful', { type: 'putTemplate', template: {} }, 7);
    expect(late).toMatchObject({ ok: false, code: 'VERSION_CONFLICT' });
  });

  it('has another version after each change, and the same after none', async () => {
    const rig = new TemplateRig();
    const put = (template: object, expected?: number) =>
      rig.command('careful', { type: 'putTemplate', template }, expected);
    const first = await put(careful, 0);
    expect(first).toMatchObject({ ok: true, state: 'stored' });
    // Sent again, the expectation included: it is as it was wanted.
    expect(await put({ ...careful }, 0)).toEqual(first);
    // The clock stands still.
    const second = await put({});
    expect(second).toMatchObject({ ok: true, rev: (first.ok ? first.rev : 0) + 1 });
    expect(await rig.command('careful', { type: 'removeTemplate' })).toMatchObject({ state: 'removed', rev: 0 });
    expect(await rig.command('careful', { type: 'removeTemplate' })).toMatchObject({ state: 'ignored', rev: 0 });
  });

  it('takes so much room and no more', async () => {
    const rig = new TemplateRig();
    const profile = {
      kind: 'process',
      stopGraceMs: 1_000,
      command: Array.from({ length: 60 }, () => 'x'.repeat(1_200)),
    };
    const large = await rig.command('large', { type: 'putTemplate', template: { profile } });
    expect(large).toMatchObject({ ok: false, details: { faults: [{ path: '/command/template', code: 'TOO_LARGE' }] } });
    for (let i = 0; i < 1_000; i += 1) await rig.command(`t${i}`, { type: 'putTemplate', template: {} });
    const more = await rig.command('more', { type: 'putTemplate', template: {} });
    expect(more).toMatchObject({ ok: false, details: { faults: [{ path: '/target', code: 'TOO_MANY' }] } });
    expect(await rig.command('t7', { type: 'putTemplate', template: careful })).toMatchObject({ state: 'stored' });
  });
});

describe('classes of environments', () => {
  it('XIM-14 production is careful by default, test is fast, and a request may say otherwise', async () => {
    const rig = new TemplateRig();
    rig.hosts(8);
    expect(await rig.plan({ id: 'p' })).toMatchObject({
      environment: 'production',
      strategy: 'canary',
      canaries: 1,
      approvals: { batches: 'required' },
      waits: { intervalMs: 60_000, bakeMs: 300_000 },
    });
    const tooMuch = await rig.submit({ id: 'q', batches: '100%' });
    expect(tooMuch.faults).toMatchObject([{ path: '/batches', code: 'BATCHES_SHARE' }]);
    rig.define(
      Array.from({ length: 8 }, (_, i) => ({ host: `t-${i}` })),
      'test',
    );
    expect(await rig.plan({ id: 'r' })).toMatchObject({
      environment: 'test',
      strategy: 'rolling',
      canaries: 0,
      batches: [[8, 1]],
      waits: { intervalMs: 0, bakeMs: 0 },
    });
    expect(await rig.plan({ id: 's', strategy: 'canary' })).toMatchObject({ environment: 'test', canaries: 1 });
  });
});
