import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Fault } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readAgentConfig } from './agent-config.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-config-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(text: string) {
  const file = join(folder, 'agent.yaml');
  await writeFile(file, text);
  return readAgentConfig(file);
}

async function faults(text: string): Promise<readonly string[]> {
  const error = await read(text).catch((thrown: unknown) => thrown);
  if (!isSluiceError(error, 'BAD_CONFIG')) throw new Error('nothing was refused');
  return (error.details['faults'] as readonly Fault[]).map(({ path, code }) => `${path} ${code}`);
}

describe('agent: configuration', () => {
  it('reads what an agent needs', async () => {
    const text = `
host: web-01.example
site: fra
labels: { rack: r1 }
address: 10.0.0.5
dataDir: ./data
nats: nats://127.0.0.1:4222
helloInterval: 10s
apps:
  - { app: hello, group: hello-web, port: 8080, env: { COLOUR: blue } }
  - { app: batch, group: batch }
`;
    expect(await read(text)).toEqual({
      host: 'web-01.example',
      site: 'fra',
      labels: { rack: 'r1' },
      address: '10.0.0.5',
      dataDir: join(folder, 'data'),
      nats: 'nats://127.0.0.1:4222',
      helloIntervalMs: 10_000,
      apps: [
        { app: 'hello', group: 'hello-web', port: 8080, env: { COLOUR: 'blue' } },
        { app: 'batch', group: 'batch' },
      ],
    });
  });

  it('lists every fault with its path', async () => {
    const text = 'host: ""\ncolour: blue\nhelloInterval: soon\napps: [{ app: a, port: 0 }]\n';
    expect([...(await faults(text))].sort()).toEqual([
      '/apps/0/group REQUIRED',
      '/apps/0/port MINIMUM',
      '/colour ADDITIONAL_PROPERTIES',
      '/dataDir REQUIRED',
      '/helloInterval PATTERN',
      '/host MIN_LENGTH',
    ]);
    expect(await faults('host: [')).toEqual([' BAD_YAML']);
    expect(await faults('host: h\ndataDir: d\napps: [{ app: a, group: g }, { app: a, group: h }]')).toEqual([
      '/apps/1/app TWICE',
    ]);
    await expect(readAgentConfig(join(folder, 'missing.yaml'))).rejects.toMatchObject({ code: 'BAD_CONFIG' });
  });
});
