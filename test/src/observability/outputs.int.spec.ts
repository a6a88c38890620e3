import type { StepOutput } from '@sluice/gateway';
import { EXIT, run as sluice } from '@sluice/cli';
import { type Notification, SUBJECTS } from '@sluice/contracts';
import { newUlid } from '@sluice/observability';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { HOSTS, ShortRun } from './short-run.suite.js';

describe('what a step wrote, from a real agent', () => {
  let run: ShortRun;
  let id: string;
  const notices: Notification[] = [];
  beforeAll(async () => {
    run = await ShortRun.start();
    run.nats.subscribe(SUBJECTS.allNotifications, {
      callback: (_error, message) => void notices.push(message.json<Notification>()),
    });
    id = await run.request('6.6.6');
    await run.untilState(id, 'braked', 'failed');
  });
  afterAll(() => run.stop());

  const cli = async (...args: readonly string[]): Promise<{ exit: number; out: string; err: string }> => {
    const [out, err]: [string[], string[]] = [[], []];
    const exit = await sluice(['--url', run.url, ...args], {
      out: (line) => out.push(line),
      err: (line) => err.push(line),
      ...{ defaultUrl: run.url, newId: newUlid, now: Date.now, sleep: () => Promise.resolve() },
      readText: (file) => Promise.resolve(file),
      interrupted: new AbortController().signal,
    });
    return { exit, out: out.join('\n'), err: err.join('\n') };
  };

  it('MOM-06 is read by API and CLI, without a look at the host', async () => {
    const [host = ''] = HOSTS;
    const response = await fetch(`${run.url}/v1/rollouts/${id}/targets/${host}/steps/install/output`);
    expect(await response.json()).toMatchObject({ host, step: 'install', n: 1, truncated: false });
    const shown = await cli('output', id, host);
    expect(shown).toMatchObject({ exit: EXIT.ok, err: '' });
    expect(shown.out.split('\n').toSorted()).toEqual(expect.arrayContaining(['installing 6.6.6', 'no room']));
    expect(await cli('output', id, host, 'enable')).toMatchObject({ exit: EXIT.notFound });
    expect((await cli('output', id, 'web-99')).exit).toBe(EXIT.usage);
    const answer = JSON.parse((await cli('-o', 'json', 'output', id, host, 'install', '-n', '1')).out) as StepOutput;
    expect(answer.text).toContain('no room');
  });

  it('XIM-12 every step of every target has its own, found by target, step and try, good or bad', async () => {
    const good = await run.request('1.0.0');
    await run.untilState(good, 'succeeded');
    const said = { drain: 'draining', install: 'installing 1.0.0', verify: 'verifying' };
    for (const host of HOSTS) {
      for (const [step, text] of Object.entries(said)) {
        const response = await fetch(`${run.url}/v1/rollouts/${good}/targets/${host}/steps/${step}/output?n=1`);
        const output = (await response.json()) as StepOutput;
        expect(output).toMatchObject({ rollout: good, host, step, n: 1 });
        expect(output.text).toContain(step === 'install' ? text : `${text} ${host}`);
        const shown = JSON.parse((await cli('-o', 'json', 'output', good, host, step)).out) as StepOutput;
        expect(shown).toEqual(output);
      }
    }
    // What failed before stays found beside it: no try writes over another.
    const bad = await fetch(`${run.url}/v1/rollouts/${id}/targets/${HOSTS[0] ?? ''}/steps/install/output?n=1`);
    expect(((await bad.json()) as StepOutput).text).toContain('no room');
  });

  it('TRS-15 the notification of the brake leads to it', async () => {
    const brake = await vi.waitFor(() => {
      const found = notices.find(({ type, subject }) => type.includes('braked') && subject === id);
      if (found === undefined) throw new Error('not told yet');
      return found;
    });
    const list = await fetch(run.url + String(brake.data.details['failed']));
    const { items } = (await list.json()) as { items: readonly { readonly output: string }[] };
    const output = (await (await fetch(run.url + String(items[0]?.output))).json()) as StepOutput;
    expect(output.text).toContain('no room');
  });
});
