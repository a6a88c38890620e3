import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fixture, repository } from './fixture.js';

interface Finding {
  readonly code: string;
  readonly filename: string;
}

const lines = (count: number, line: string) =>
  Array.from({ length: count }, (_, i) => line.replaceAll('#', `${i}`)).join('\n');
const ifs = (count: number) => lines(count, '  if (x === #) return #;');

const domain = 'libs/domain/rollout';
const IMPORTS = 'eslint(no-restricted-imports)';
const GLOBALS = 'eslint(no-restricted-globals)';
const PROPERTIES = 'eslint(no-restricted-properties)';
const DATE = 'sluice(no-current-date)';
const ENVIRONMENT = 'sluice(no-environment)';
const SUBJECT = 'sluice(no-subject-literal)';

/** [rule, package, text]; each is planted as a file of its own. */
const violations: [string, string, string][] = [
  [IMPORTS, domain, `import { x } from '@sluice/planning';\nexport const y = x;`],
  [IMPORTS, domain, `import type { x } from '@sluice/event-log';\nexport type y = x;`],
  [IMPORTS, domain, `import { x } from '@sluice/testing';\nexport const y = x;`],
  [IMPORTS, domain, `import { x } from '@sluice/kernel/src/ids.js';\nexport const y = x;`],
  [IMPORTS, domain, `import { createHash } from 'node:crypto';\nexport const y = createHash;`],
  [IMPORTS, domain, `import { readFile } from 'fs/promises';\nexport const y = readFile;`],
  [IMPORTS, domain, `import { Injectable } from '@nestjs/common';\nexport const y = Injectable;`],
  [IMPORTS, domain, `import { connect } from '@nats-io/transport-node';\nexport const y = connect;`],
  [IMPORTS, domain, `import { map } from 'rxjs/operators';\nexport const y = map;`],
  [IMPORTS, 'libs/kernel', `import { x } from '@sluice/contracts';\nexport const y = x;`],
  [IMPORTS, 'apps/planner', `import { x } from '@sluice/executor';\nexport const y = x;`],
  [IMPORTS, 'apps/planner', `export { x } from '@sluice/testing';`],
  [GLOBALS, domain, `export const x = () => process.pid;`],
  [GLOBALS, domain, `export const x = () => setTimeout(() => undefined, 1);`],
  [GLOBALS, 'libs/kernel', `export const x = () => globalThis;`],
  [GLOBALS, 'libs/kernel', `export const x = () => performance.now();`],
  [PROPERTIES, domain, `export const x = () => Date.now();`],
  [PROPERTIES, 'libs/kernel', `export const x = () => Math.random();`],
  [DATE, domain, `export const x = () => new Date();`],
  [DATE, 'libs/kernel', `export const x = () => Date();`],
  ['sluice(no-async)', domain, `export const x = async () => undefined;`],
  ['sluice(no-async)', domain, `export async function x(): Promise<void> {}`],
  [ENVIRONMENT, 'apps/planner', `export const x = process.env['HOME'];`],
  [ENVIRONMENT, 'libs/messaging', `const { env } = process;\nexport const x = env;`],
  [ENVIRONMENT, 'libs/testing', `import { env } from 'node:process';\nexport const x = env;`],
  [SUBJECT, 'apps/planner', `export const x = 'sluice.request.deploy.app';`],
  [SUBJECT, 'libs/event-log', 'export const x = (id: string) => `sluice.log.07.exec.${id}`;'],
  [SUBJECT, 'apps/planner', `export const x = 'SLUICE_LOG';`],
  ['sluice(no-export-star)', 'apps/planner', `export * from './index.js';`],
  ['import(no-cycle)', 'apps/planner', `import { b } from './cycle-b.js';\nexport const a = () => b;`],
  ['eslint(no-console)', 'apps/planner', `console.log('x');`],
  ['eslint(eqeqeq)', 'apps/planner', `export const x = (y: unknown) => y == 1;`],
  ['eslint(max-lines)', 'apps/planner', lines(301, 'export const x# = #;')],
  ['eslint(max-lines-per-function)', 'apps/planner', `export function x(): void {\n${lines(51, '  void #;')}\n}`],
  ['eslint(complexity)', 'apps/planner', `export function f(x: number): number {\n${ifs(10)}\n  return 99;\n}`],
  [
    'eslint(max-depth)',
    'apps/planner',
    `export function f(x: boolean): void {\n  if (x) { if (x) { if (x) { if (x) { void x; } } } }\n}`,
  ],
  ['eslint(max-params)', 'apps/planner', `export const f = (a: 1, b: 1, c: 1, d: 1, e: 1) => a + b + c + d + e;`],
  ['typescript(no-explicit-any)', 'apps/planner', `export const x = (y: any) => y as unknown;`],
  ['typescript(no-non-null-assertion)', 'apps/planner', `export const x = (y?: string) => y!.length;`],
  ['typescript(no-floating-promises)', 'apps/planner', `export const x = (y: Promise<void>) => { y; };`],
  ['typescript(no-misused-promises)', 'apps/planner', `export const x = (y: Promise<boolean>) => (y ? 1 : 2);`],
  [
    'typescript(switch-exhaustiveness-check)',
    'apps/planner',
    `export function x(y: 'a' | 'b'): void {\n  switch (y) {\n    case 'a':\n      return;\n  }\n}`,
  ],
];

/** What looks like a violation and is none; planted under this name, with nothing to be found. */
const allowed: [string, string][] = [
  [
    `${domain}/src/allowed.unit.spec.ts`,
    `import { x } from '@sluice/testing';\nexport const y = [x, Date.now(), new Date()];`,
  ],
  [
    `${domain}/src/allowed.ts`,
    `import { x } from '@sluice/kernel';\nexport const y = [x, new Date(0), 'sluice.yaml'];`,
  ],
  ['libs/messaging/src/allowed.ts', `export const x = 'sluice.hello.host';`],
  ['libs/config/src/allowed.ts', `export const x = process.env['HOME'];`],
  ['apps/planner/src/allowed.unit.spec.ts', `export const x = [process.env['HOME'], 'sluice.hello.host'];`],
  ['apps/cli/src/allowed.ts', `import { x } from '@sluice/testing';\nconsole.log(x);`],
  [
    'apps/planner/src/allowed-switch.ts',
    `export function f(x: string): number {\n  switch (x) {\n${lines(20, "    case '#':\n      return #;")}\n  }\n  return 99;\n}`,
  ],
];

const placeOf = (index: number) => `${violations[index]?.[1] ?? ''}/src/planted-${index}.ts`;

describe('the linter on a copy of the workspace', () => {
  let fixture: Fixture;
  let findings: Finding[];

  beforeAll(() => {
    fixture = new Fixture();
    violations.forEach(([, , text], index) => fixture.plant(placeOf(index), `${text}\n`));
    const cycle = violations.findIndex(([rule]) => rule === 'import(no-cycle)');
    fixture.plant(
      'apps/planner/src/cycle-b.ts',
      `import { a } from './planted-${cycle}.js';\nexport const b = () => a;\n`,
    );
    for (const [path, text] of allowed) fixture.plant(path, `${text}\n`);
    const oxlint = join(repository, 'node_modules', '.bin', 'oxlint');
    const options = { cwd: fixture.root, encoding: 'utf8', timeout: 60_000 } as const;
    const result = spawnSync(oxlint, ['--format=json', 'libs', 'apps'], options);
    if (result.status !== 1) throw new Error(`the linter did not run: ${result.stderr}`);
    findings = (JSON.parse(result.stdout) as { diagnostics: Finding[] }).diagnostics;
  });
  afterAll(() => fixture.dispose());

  const rulesAt = (path: string) => findings.filter(({ filename }) => filename === path).map(({ code }) => code);

  it.each(violations.map(([rule, , text], index) => [rule, text.slice(0, 80), index] as const))(
    '%s refuses %s',
    (rule, _, index) => {
      expect(rulesAt(placeOf(index))).toContain(rule);
    },
  );

  it.each(allowed.map(([path]) => path))('allows %s', (path) => {
    expect(rulesAt(path)).toEqual([]);
  });
});
