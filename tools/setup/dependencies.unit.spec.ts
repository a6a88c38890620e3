import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isInstalled } from './dependencies.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice setup '));
  write('package-lock.json', {
    '': {},
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': optional,
    'libs/c': {},
  });
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const optional = { version: '2.0.0', optional: true };

function write(file: string, packages: Record<string, unknown>): void {
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(join(root, file), JSON.stringify({ packages }));
}

const record = 'node_modules/.package-lock.json';

it('wants an installation where npm has finished none', () => {
  expect(isInstalled(root)).toBe(false);
});

it('accepts what was installed by hand, without what is optional', () => {
  write(record, { 'node_modules/a': { version: '1.0.0' } });
  expect(isInstalled(root)).toBe(true);
});

it.each([
  ['another version', { 'node_modules/a': { version: '1.0.1' } }],
  ['a missing package', { 'node_modules/b': optional }],
])('wants an installation after a change of the lock file: %s', (_, packages) => {
  write(record, packages);
  expect(isInstalled(root)).toBe(false);
});
