import { readFileSync, rmSync, writeFileSync } from 'node:fs';

import { type EventRow, type Running, until } from '@sluice/demo';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Site } from './support/site.js';

const HOST = 'a-01';
const STEPS = ['drain', 'download', 'install', 'verify', 'enable'] as const;
const MINUTE = 60_000;

let site: Site;
let agent: Running;

/** Says in the host's folder what it did, and ends when nobody holds it there. */
const held = 'while [ -e "hold-$SLUICE_VERSION-$SLUICE_STEP" ]; do sleep 0.05; done';
const script = ['sh', '-c', `echo "$SLUICE_VERSION $SLUICE_STEP" >> done; ${held}`];
const profile = { kind: 'exec', stepTimeoutMs: 30_000, steps: Object.fromEntries(STEPS.map((step) => [step, script])) };

beforeAll(async () => {
  site = await Site.prepare([{ name: 'shop', app: 'hello', hosts: [HOST], definition: { profile } }]);
  await site.up();
  startAgent();
  await site.api.reach(await site.roll('shop', '1.0.0'), 'succeeded');
}, 90_000);
afterAll(() => site.stop(), 30_000);

function startAgent(): void {
  const [running] = site.startAgents([HOST]);
  if (running === undefined) throw new Error('no agent was started');
  agent = running;
}

interface Line {
  readonly t: string;
  readonly attempt?: string;
  readonly step?: string;
  readonly report?: { readonly step: string };
}

/** What the agent's journal says of a rollout; a line that is being written has no end yet. */
const journal = (id: string): readonly Line[] =>
  readFileSync(site.path('hosts', HOST, 'journal.jsonl'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)
    .filter(({ attempt }) => attempt?.startsWith(`${id}/`));

const isIn = (id: string, step: string): boolean => {
  const last = journal(id).at(-1);
  return last?.t === 'began' && last.step === step;
};

describe('the agent is killed with -9', () => {
  it.each(STEPS.map((step, i) => [step, `2.0.${i}`] as const))(
    'in %s and started again: the rollout goes on and has each step once',
    { timeout: 2 * MINUTE },
    async (step, version) => {
      const hold = site.path('hosts', HOST, 'apps', 'hello', `hold-${version}-${step}`);
      writeFileSync(hold, '');
      const id = await site.roll('shop', version);
      await until(`the host is in ${step}`, async () => (isIn(id, step) ? true : undefined), MINUTE);
      agent.kill('SIGKILL');
      await agent.exited;
      rmSync(hold);
      startAgent();
      const state = async () => ((await site.api.rollout(id))?.state === 'succeeded' ? true : undefined);
      await until(`rollout ${id} has succeeded`, state, MINUTE);

      const rows = (await site.api.events(id)).filter(({ type }: EventRow) => type === 'StepSucceeded');
      expect(rows.map((row) => row.step)).toEqual(STEPS);
      const done = journal(id).flatMap(({ t, report }) => (t === 'done' && report !== undefined ? [report.step] : []));
      expect(done).toEqual(STEPS);
      const scripts = readFileSync(site.path('hosts', HOST, 'apps', 'hello', 'done'), 'utf8').split('\n');
      const times = STEPS.map((name) => scripts.filter((line) => line === `${version} ${name}`).length);
      // The one that was cut short is done again, after what was left of it was stopped; no other one is.
      expect(times.filter((_, i) => STEPS[i] !== step)).toEqual([1, 1, 1, 1]);
    },
  );
});
