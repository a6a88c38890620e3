import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { PERMISSIONS, type Scope } from './permissions.js';

const WHERE: Readonly<Record<Scope, string>> = {
  rollout: "the rollout's group",
  group: 'the group',
  some: 'what the role reaches',
  all: 'all groups',
};

const cellsOf = (line: string): string[] => line.split('|').map((cell) => cell.trim().replaceAll('`', ''));

describe('permissions', () => {
  it('docs/api.md tells each of them', async () => {
    const text = await readFile(new URL('../../../../docs/api.md', import.meta.url), 'utf8');
    const told = text.split('\n').map((line) => cellsOf(line).slice(1, 4).join(' | '));
    for (const [operation, { roles, scope }] of Object.entries(PERMISSIONS))
      expect(told).toContain(`${operation} | ${roles.join(', ')} | ${WHERE[scope]}`);
  });
});
