import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packages } from '../../../tools/architecture/boundaries.mjs';

export const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** A copy of the workspace with its manifests and settings, where each package is one empty source. */
export class Fixture {
  readonly root = mkdtempSync(join(tmpdir(), 'sluice architecture '));

  constructor() {
    const settings = ['package.json', '.oxlintrc.json', 'tsconfig.base.json', 'tools/lint'];
    const manifests = Object.values(packages).flatMap(({ path }) => [`${path}/package.json`, `${path}/tsconfig.json`]);
    for (const path of [...settings, ...manifests]) {
      cpSync(join(repository, path), join(this.root, path), { recursive: true });
    }
    symlinkSync(join(repository, 'node_modules'), join(this.root, 'node_modules'), 'dir');
    for (const { path } of Object.values(packages)) this.plant(`${path}/src/index.ts`, 'export {};\n');
  }

  plant(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
