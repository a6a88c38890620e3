import { SUBJECTS } from '@sluice/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { Harness } from '../harness.suite.js';
import { outputLink, targetNamed } from './links.js';

describe('the output of a step', () => {
  let harness: Harness;
  let id: string;
  const asked: unknown[] = [];
  beforeAll(async () => {
    harness = await Harness.start();
    id = await harness.planter.plan('web', 'outputs');
    await harness.planter.brake(id);
    await harness.whenRev(id, 4);
    harness.nats.subscribe(SUBJECTS.agentOutput('web-01'), {
      callback: (_error, message) => {
        const query = message.json<{ n: number; step: string }>();
        asked.push(query);
        const found = query.n === 1 && query.step === 'install';
        const missing = { ok: false, code: 'NO_OUTPUT', message: 'nothing' };
        message.respond(JSON.stringify(found ? { ok: true, text: 'no room\n', truncated: true } : missing));
      },
    });
    harness.nats.subscribe(SUBJECTS.agentOutput('web-02'), {
      callback: (_error, message) => void message.respond('{'),
    });
    await harness.nats.flush();
  });
  afterAll(() => harness.stop());

  const at = (host: string, step = 'install', query = ''): ReturnType<Harness['json']> =>
    harness.json(`/v1/rollouts/${id}/targets/${encodeURIComponent(host)}/steps/${step}/output${query}`);

  it('MOM-06 comes over the API, by host and by place in the plan', async () => {
    const expected = { rollout: id, host: 'web-01', step: 'install', n: 1, text: 'no room\n', truncated: true };
    expect((await at('web-01')).body).toEqual(expected);
    expect((await at('#0')).body).toEqual(expected);
    expect((await at('web-01', 'install', '?n=1')).body).toEqual(expected);
    expect(asked.at(-1)).toEqual({ v: 1, rollout: id, step: 'install', n: 1 });
  });

  it.each([
    { what: 'an unknown host', of: ['web-99', 'install'], is: [404, 'NOT_FOUND'] },
    { what: 'a place beyond the plan', of: ['#9999', 'install'], is: [404, 'NOT_FOUND'] },
    { what: 'no step', of: ['web-01', 'dance'], is: [404, 'NOT_FOUND'] },
    { what: 'a step that wrote nothing', of: ['web-01', 'verify'], is: [404, 'NO_OUTPUT'] },
    { what: 'another attempt', of: ['web-01', 'install', '?n=7'], is: [404, 'NO_OUTPUT'] },
    { what: 'no number', of: ['web-01', 'install', '?n=x'], is: [422, 'BAD_INPUT'] },
    { what: 'an agent that does not run', of: ['web-03', 'install'], is: [503, 'AGENT_UNREACHABLE'] },
    { what: 'an answer that is none', of: ['web-02', 'install'], is: [504, 'NO_ANSWER'] },
  ])('a problem says what to do: $what', async ({ of: [host = '', step, query], is }) => {
    const { status, body } = await at(host, step, query);
    expect([status, body['code']]).toEqual(is);
  });

  it('TRS-15 a failure links to it: the event, and the target in the list of those that failed', async () => {
    const { body } = await harness.json(`/v1/rollouts/${id}/events?limit=500`);
    const events = (body['items'] as { events: { type: string; output?: string }[] }[]).flatMap((item) => item.events);
    const failed = events.filter(({ type }) => type === 'StepFailed');
    expect(failed.length).toBeGreaterThan(0);
    for (const { output } of failed)
      expect(output).toMatch(/^\/v1\/rollouts\/r\S+\/targets\/%23\d+\/steps\/\w+\/output\?n=1$/);
    await vi.waitFor(async () => {
      const { items } = (await harness.json(`/v1/rollouts/${id}/targets?phase=failed`)).body as {
        items: { host: string; output: string }[];
      };
      expect(items.length).toBeGreaterThan(0);
      for (const { host, output } of items) expect(output).toContain(`/targets/${host}/steps/`);
    });
    const response = await harness.json(failed[0]?.output ?? '');
    expect([200, 404, 503]).toContain(response.status);
    expect(response.body['code']).not.toBe('NOT_FOUND');
  });

  it('a host is found by its name first', () => {
    const targets = [{ host: 'a' }, { host: '#0' }];
    expect(targetNamed(targets, '#0')).toBe(1);
    expect(targetNamed(targets, '#1')).toBe(1);
    expect(targetNamed(targets, '#2')).toBeUndefined();
    expect(targetNamed(targets, '1')).toBeUndefined();
    expect(outputLink('r1', 'web 01', 'install', 2)).toBe('/v1/rollouts/r1/targets/web%2001/steps/install/output?n=2');
  });
});
