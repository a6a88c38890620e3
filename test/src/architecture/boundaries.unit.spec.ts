import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { packages } from '../../../tools/architecture/boundaries.mjs';
import { lintConfiguration } from '../../../tools/architecture/oxlint.mjs';
import { rules } from './rules.js';
import { readWorkspace } from './workspace.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

describe('the workspace', () => {
  const workspace = readWorkspace(root);

  it('is seen: every package has sources that were read', () => {
    expect(workspace.packages.map(({ name }) => name).sort()).toEqual(Object.keys(packages).sort());
    for (const { name, files } of workspace.packages) expect(files.length, name).toBeGreaterThan(0);
    expect(workspace.packages.flatMap(({ files }) => files).flatMap(({ imports }) => imports).length).toBeGreaterThan(
      0,
    );
  });

  it.each(Object.entries(rules))('%s', (_, rule) => {
    expect(rule(workspace)).toEqual([]);
  });

  it('has a .oxlintrc.json that was generated from the table (node tools/architecture/generate.mjs)', () => {
    expect(JSON.parse(readFileSync(join(root, '.oxlintrc.json'), 'utf8'))).toEqual(lintConfiguration());
  });
});

describe('the table', () => {
  const ofLayer = (...layers: string[]) => Object.entries(packages).filter(([, { layer }]) => layers.includes(layer));
  const namesOf = (...layers: string[]) => ofLayer(...layers).map(([name]) => name);

  it('lets no context import another, nor anything above it', () => {
    for (const [name, { imports }] of ofLayer('domain')) expect(imports, name).toEqual(['kernel', 'contracts']);
  });

  it('TAR-03 API, domain, engine and agent are packages of their own, and the domain imports no I/O', () => {
    expect(Object.keys(packages)).toEqual(expect.arrayContaining(['gateway', 'rollout', 'executor', 'agent']));
    const pure = readWorkspace(root).packages.filter(({ path }) => /^libs\/(domain\/|kernel$)/.test(path));
    expect(pure.length).toBeGreaterThanOrEqual(6);
    const sources = pure.flatMap(({ files }) => files).filter(({ isSpec }) => !isSpec);
    const outside = sources
      .flatMap(({ imports }) => imports)
      .filter((name) => !/^(\.|@sluice\/(kernel|contracts)$)/.test(name));
    expect(outside).toEqual([]);
  });

  it('lets no infrastructure import a context', () => {
    const contexts = namesOf('domain', 'app', 'entry', 'testing');
    for (const [name, { imports }] of ofLayer('kernel', 'contracts', 'infrastructure', 'testing')) {
      expect(
        imports.filter((imported) => contexts.includes(imported)),
        name,
      ).toEqual([]);
    }
  });

  it('lets no service import another, or the testing library outside its specs', () => {
    const above = namesOf('app', 'entry', 'testing');
    for (const [name, { imports }] of ofLayer('app')) {
      expect(
        imports.filter((imported) => above.includes(imported)),
        name,
      ).toEqual([]);
    }
  });

  it('has no cycle', () => {
    const visit = (name: string, trail: readonly string[]): void => {
      expect(trail, 'a package that imports itself by way of others').not.toContain(name);
      const { imports = [], specImports = [] } = packages[name] ?? {};
      for (const next of [...imports, ...specImports]) visit(next, [...trail, name]);
    };
    for (const name of Object.keys(packages)) visit(name, []);
  });
});
