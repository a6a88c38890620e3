import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseWeightDocument, type PlanTraffic } from '@sluice/contracts';
import { haproxyMissing, NO_HAPROXY, type RunningHaproxy, startHaproxy } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { type Backend, startBackend } from '../balancer/haproxy.suite.js';
import { Nodes } from '../fixtures/nodes.suite.js';
import { GROUP, planFor } from '../fixtures/world.suite.js';
import { KvWeights } from './kv-weights.js';

if (haproxyMissing) process.stderr.write(NO_HAPROXY);

const MINUTE = 60_000;
const LEASE_MS = 2_000;

/** Brings a side to what is asked for at once, and remembers that beside itself. */
const SCALER = `#!/bin/sh
here=$(dirname "$0")
asked=$(cat)
case $asked in
  *'"side":"blue"'*) side=blue ;;
  *) side=green ;;
esac
case $asked in
  *'"op":"look"'*)
    count=0
    [ -e "$here/$side.up" ] && count=4
    echo "{\\"services\\":[{\\"service\\":\\"web\\",\\"desired\\":$count,\\"created\\":$count,\\"ready\\":$count}]}" ;;
  *'"op":"scale"'*) touch "$here/$side.up" ;;
  *'"op":"retire"'*) rm -f "$here/$side.up"; touch "$here/$side.retired" ;;
esac
`;

describe.skipIf(haproxyMissing)('a shift of traffic over real parts (skipped without haproxy)', () => {
  let folder: string;
  let nodes: Nodes;
  let apps: Backend[];
  let haproxy: RunningHaproxy;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-shift-'));
    await writeFile(join(folder, 'scale'), SCALER);
    await chmod(join(folder, 'scale'), 0o755);
    await writeFile(join(folder, 'blue.up'), '');
    nodes = await Nodes.start([], LEASE_MS);
    apps = await Promise.all(['blue-1', 'blue-2', 'green-1'].map(startBackend));
    haproxy = await startHaproxy(apps);
  });

  afterEach(async () => {
    await nodes.stop();
    await haproxy.stop();
    await Promise.all(apps.map((app) => app.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  const node = () =>
    nodes.node(nodes.server.url, {
      balancers: [
        { name: 'main', kind: 'haproxy', address: { path: haproxy.admin } },
        { name: 'web', kind: 'file', folder },
      ],
      capacity: [{ name: 'scaler', argv: [join(folder, 'scale')] }],
    });

  const plan = (version: string, oldSide: string, newSide: string, traffic: Partial<PlanTraffic> = {}) =>
    nodes.plan(
      planFor([], {
        ...{ version, strategy: 'traffic', batches: [] },
        traffic: {
          ...{ oldSide, newSide, services: [{ name: 'web' }], capacity: 'scaler', preScalePercent: 25 },
          publish: ['main', 'web'].map((publisher) => ({ publisher, backend: 'hello' })),
          weights: [25, 100].map((weight) => ({ weight })),
          ...{ dwellMs: 500, readyWithinMs: MINUTE, drainWindowMs: 500 },
          ...traffic,
        },
      }),
    );

  const wait = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: MINUTE, interval: 50 });
  const reached = (id: string, type: string): Promise<void> =>
    wait(async () => expect(await nodes.types(id)).toContain(type));
  const document = async () => (await new KvWeights(nodes.nats).read(GROUP)).document;
  const sides = async (): Promise<string[]> => {
    const seen = new Set<string>();
    for (let i = 0; i < 20; i += 1) seen.add(((await haproxy.get()) ?? 'nobody').split('-')[0] ?? '');
    return [...seen].toSorted();
  };

  it(
    'SWB-09 SWB-05 goes from side to side without a request lost, and back in one publication',
    { timeout: 3 * MINUTE },
    async () => {
      const first = await node();
      const id = await plan('2.0.0', 'blue', 'green');
      let over = false;
      const lost = (async () => {
        let unanswered = 0;
        while (!over) if ((await haproxy.get()) === undefined) unanswered += 1;
        return unanswered;
      })();
      await reached(id, 'RolloutSucceeded');
      over = true;
      expect(await lost).toBe(0);
      expect(await sides()).toEqual(['green']);
      expect([existsSync(join(folder, 'blue.up')), existsSync(join(folder, 'blue.retired'))]).toEqual([false, true]);
      expect(await document()).toMatchObject({ version: 2, weights: { blue: 0, green: 100 }, rolloutId: id });
      expect(parseWeightDocument(await readFile(join(folder, 'hello.json')))).toEqual(await document());

      const next = await plan('3.0.0', 'green', 'blue', { dwellMs: 10 * MINUTE });
      await reached(next, 'WeightPublished');
      expect(await sides()).toEqual(['blue', 'green']);
      await node();
      await first.stop();
      // Said again with its id while the shard changes hands: it has one effect.
      await wait(async () =>
        expect(await nodes.say(next, { type: 'rollback' }, 'rita', 'back-1')).toMatchObject({ ok: true }),
      );
      await reached(next, 'RolloutCancelled');
      expect(await document()).toMatchObject({ version: 4, weights: { blue: 0, green: 100 }, by: 'rita' });
      expect(await sides()).toEqual(['green']);
    },
  );
});
