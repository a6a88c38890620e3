import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { freePorts, REPOSITORY } from '@sluice/demo';
import { describe, expect, it } from 'vitest';

import { processesOf } from './support/leftovers.js';

const FOLDER = `var/tutorial-${process.pid}`;

/** The commands of the tutorial in their order; building is what this test already stands on. */
function commands(): string {
  const text = readFileSync(join(REPOSITORY, 'docs/tutorial.md'), 'utf8');
  const blocks = [...text.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? '');
  return blocks.join('\n').replace('npm run setup\nnpm run build\n', '');
}

/** The same commands on ports that are free here, in a folder of their own. */
async function script(): Promise<string> {
  const [nats = 0, http = 0, app = 0] = await freePorts(3);
  return commands()
    .replaceAll('4222', String(nats))
    .replaceAll('7811', String(http))
    .replaceAll(/1810(\d)/g, (_, digit: string) => String(app + Number(digit) - 1))
    .replace('"$SLUICE" up ', `"$SLUICE" up --nats-port ${nats} --http-port ${http} `)
    .replaceAll('var/tutorial', FOLDER)
    .replace('sluice() {', `export SLUICE_URL=http://127.0.0.1:${http}\nsluice() {`);
}

/** Runs it in a process group of its own, which is ended whatever happens. */
async function run(bash: string): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn('bash', ['-c', `set -euo pipefail\n${bash}`], { cwd: REPOSITORY, detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const timer = setTimeout(() => endGroup(child.pid), 110_000);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  if (code !== 0) endGroup(child.pid);
  return { code, output };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

describe('docs/tutorial.md', () => {
  it('brings an app over three hosts with nothing but its own commands', async () => {
    const { code, output } = await run(await script());
    expect(code, output).toBe(0);
    const lines = output.split('\n');
    expect(lines.filter((line) => /^greeter 1\.0\.0 on alpha$/.test(line))).toHaveLength(1);
    expect(output).toContain('exit 7: it waits for an approval');
    expect(output).toContain('exit 7: braked');
    expect(output).toMatch(/BRAKED: canary alpha failed/);
    for (const host of ['alpha', 'beta', 'gamma']) expect(lines).toContain(`greeter 2.0.0 on ${host}`);
    expect(output).not.toContain('greeter 3.0.0-bad on');
    // Its last commands put everything away.
    expect(await processesOf(FOLDER)).toEqual([]);
    expect(existsSync(join(REPOSITORY, FOLDER))).toBe(false);
  });
});
