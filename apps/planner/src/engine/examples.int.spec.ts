import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';
import { parse } from 'yaml';

import { readInventoryFile } from '../inventory/file.js';
import { PlannerEngine } from './planner-engine.js';
import { Rig } from './rig.suite.js';

const pathOf = (file: string, folder = 'blue-green'): string =>
  fileURLToPath(new URL(`../../../../examples/${folder}/${file}`, import.meta.url));

it.each([
  ['request.yaml', 'traffic', [1, 5, 25, 100], 3],
  ['switch.yaml', 'blueGreen', [100], 0],
] as const)('examples/blue-green/%s is planned as %s', async (file, strategy, weights, gates) => {
  const rig = new Rig();
  const { definitions, templates } = await readInventoryFile(pathOf('inventory.yaml'));
  for (const definition of definitions) rig.inventory.define('file', definition, 'replace', rig.time);
  const origin = { source: 'file', version: 1, fetchedAt: rig.time } as const;
  for (const [name, fields] of templates) rig.inventory.templateStore.put(name, fields, origin);
  const artifacts = { look: () => Promise.resolve({ kind: 'same' } as const) };
  const engine = new PlannerEngine({ ...rig.parts(), artifacts });
  const previewed = await engine.preview(parse(await readFile(pathOf(file), 'utf8')));
  const { plan } = previewed.ok ? previewed.preview : { plan: previewed.faults };
  expect(plan).toMatchObject({ strategy, traffic: { oldSide: 'blue', newSide: 'green', services: { length: 2 } } });
  if (!previewed.ok) return;
  expect(previewed.preview.plan.traffic?.weights.map(({ weight }) => weight)).toEqual(weights);
  expect(previewed.preview.plan.gateSpecs ?? []).toHaveLength(gates);
});

it.each([
  ['request.yaml', { name: 'docker_version', from: '1.6.2', to: '1.9.1' }, 'policy'],
  ['points.yaml', { name: 'puppet_major', from: '3', to: '4' }, 'required'],
] as const)('examples/ramp/%s is planned', async (file, spec, batches) => {
  const rig = new Rig();
  const { definitions } = await readInventoryFile(pathOf('inventory.yaml', 'ramp'));
  for (const definition of definitions) rig.inventory.define('file', definition, 'replace', rig.time);
  const previewed = await rig.engine.preview(parse(await readFile(pathOf(file, 'ramp'), 'utf8')));
  const { plan } = previewed.ok ? previewed.preview : { plan: previewed.faults };
  expect(plan).toMatchObject({ strategy: 'ramp', approvals: { batches }, ramp: { fleet: 'backend', spec } });
});
