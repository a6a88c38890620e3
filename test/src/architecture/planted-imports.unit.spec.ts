import { describe, expect, it } from 'vitest';
import { Fixture } from './fixture.js';
import { rules } from './rules.js';
import { readWorkspace } from './workspace.js';

const TABLE = 'the table and the folders name the same packages';
const ALLOWED = 'a package imports only what the table allows';
const SURFACE = 'a package is imported by its surface';
const PURE = 'a pure layer imports no library and nothing of Node.js';
const NAMED = 'package.json names what the code imports';
const SPECS = 'nothing but specs imports specs';
const MANIFESTS = 'package.json and tsconfig.json say what the table says';
const FOLDERS = 'no folder is named for nothing';

/** [rule, planted file, its text] */
const violations: [string, string, string][] = [
  [TABLE, 'libs/stray/package.json', '{}'],
  [ALLOWED, 'libs/domain/rollout/src/planted.ts', `import { x } from '@sluice/planning';`],
  [ALLOWED, 'libs/domain/rollout/src/planted.ts', `export { x } from '@sluice/event-log';`],
  [ALLOWED, 'libs/kernel/src/planted.ts', `import type { x } from '@sluice/contracts';`],
  [ALLOWED, 'libs/event-log/src/planted.ts', `const x = await import('@sluice/rollout');`],
  [ALLOWED, 'apps/planner/src/planted.ts', `import { x } from '@sluice/executor';`],
  [ALLOWED, 'apps/planner/src/planted.ts', `export type X = import('@sluice/executor').X;`],
  [ALLOWED, 'apps/planner/src/planted.ts', `const { x } = require('@sluice/executor');`],
  [ALLOWED, 'apps/planner/src/planted.ts', `import x = require('@sluice/executor');`],
  [ALLOWED, 'apps/planner/src/planted.ts', `import { x } from '@sluice/testing';`],
  [ALLOWED, 'apps/planner/src/planted.ts', `import { x } from '@sluice/of-no-table';`],
  [ALLOWED, 'libs/testing/src/planted.ts', `import { x } from '@sluice/messaging';`],
  [ALLOWED, 'libs/domain/rollout/src/planted.unit.spec.ts', `import { x } from '@sluice/group';`],
  [SURFACE, 'apps/planner/src/planted.ts', `import { x } from '@sluice/kernel/src/ids.js';`],
  [SURFACE, 'apps/planner/src/planted.ts', `import { x } from '../../executor/src/index.js';`],
  [SURFACE, 'apps/agent/src/planted.ts', `import { x } from '../../../examples/hello/pack.mjs';`],
  [SURFACE, 'libs/kernel/src/planted.ts', `import { x } from '../../../tools/lint/sluice-plugin.mjs';`],
  [PURE, 'libs/kernel/src/planted.ts', `import { createHash } from 'node:crypto';`],
  [PURE, 'libs/domain/group/src/planted.ts', `import { readFileSync } from 'fs';`],
  [PURE, 'libs/domain/group/src/planted.ts', `import { Subject } from 'rxjs';`],
  [PURE, 'libs/domain/group/src/planted.ts', `import fc from 'fast-check';`],
  [NAMED, 'apps/planner/src/planted.ts', `import { x } from 'tar';`],
  [NAMED, 'apps/planner/src/planted.ts', `import { Test } from '@nestjs/testing';`],
  [NAMED, 'libs/config/src/planted.unit.spec.ts', `import fc from 'fast-check';`],
  [NAMED, 'apps/planner/src/planted.ts', `import { x } from 'vitest';`],
  [SPECS, 'libs/event-log/src/planted.ts', `import { x } from './planted.unit.spec.js';`],
  [SPECS, 'libs/event-log/src/planted.ts', `export { x } from './port.suite.js';`],
  [MANIFESTS, 'libs/domain/group/package.json', `{"dependencies":{"@sluice/kernel":"*","@sluice/rollout":"*"}}`],
  [MANIFESTS, 'libs/domain/group/tsconfig.json', `{"references":[{"path":"../../kernel"},{"path":"../rollout"}]}`],
  [FOLDERS, 'apps/planner/src/utils/planted.ts', 'export {};'],
];

/** What looks like a violation and is none. */
const allowed: [string, string][] = [
  ['libs/domain/rollout/src/planted.unit.spec.ts', `import { x } from '@sluice/testing'; import fc from 'fast-check';`],
  [
    'libs/domain/rollout/src/planted.unit.spec.ts',
    `import { readFileSync } from 'node:fs'; import { it } from 'vitest';`,
  ],
  ['libs/domain/rollout/src/deep/planted.ts', `import { x } from '../other.js'; import { y } from '@sluice/kernel';`],
  ['apps/cli/src/planted.ts', `import { x } from '@sluice/testing'; import { y } from '@sluice/planner';`],
  ['test/src/planted.ts', `import { x } from '../../tools/architecture/boundaries.mjs'; import fs from 'fs/promises';`],
  [
    'libs/event-log/src/planted.int.spec.ts',
    `import { x } from './port.suite.js'; import { y } from '@sluice/testing';`,
  ],
  ['apps/planner/src/planted.ts', `export const x = thing.from('host-1'); // import { y } from '@sluice/executor';`],
  ['apps/agent/src/planted.suite.ts', `import { x } from '../../../examples/hello/pack.mjs';`],
  ['libs/event-log/src/port.suite.ts', `import { it } from 'vitest';`],
];

describe('the architecture check on a copy of the workspace', () => {
  const all = (root: string) =>
    Object.entries(rules).flatMap(([name, rule]) => rule(readWorkspace(root)).map((message) => ({ name, message })));

  /** The rules that complain about the planted file, over what they say about the workspace without it. */
  function complaints(path: string, text: string): string[] {
    const fixture = new Fixture();
    try {
      const before = new Set(all(fixture.root).map(({ message }) => message));
      fixture.plant(path, text);
      const after = all(fixture.root).filter(({ message }) => !before.has(message));
      return after.map(({ name }) => name);
    } finally {
      fixture.dispose();
    }
  }

  it('has a planted violation for every rule', () => {
    expect(new Set(violations.map(([rule]) => rule))).toEqual(new Set(Object.keys(rules)));
  });

  it.each(violations)('%s: refuses %s with %s', (rule, path, text) => {
    expect(complaints(path, text)).toContain(rule);
  });

  it.each(allowed)('allows %s with %s', (path, text) => {
    expect(complaints(path, text)).toEqual([]);
  });
});
