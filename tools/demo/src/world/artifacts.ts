import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { ArtifactRef } from '@sluice/contracts';

/** How a release of the example app is made; see examples/hello/pack.mjs. */
interface Packer {
  packRelease(
    release: Readonly<Record<string, unknown>> & { readonly version: string },
    folder: string,
  ): { readonly file: string; readonly sha256: string };
  packFiles(files: Readonly<Record<string, string | Uint8Array>>): Buffer;
}

export const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));

/** Releases of hello, packed and served over HTTP. Every download is counted: a rollback must not need one. */
export class Artifacts {
  private readonly files = new Map<string, Buffer>();
  private readonly counts = new Map<string, number>();
  private server: Server | undefined;
  private port = 0;

  private constructor(
    private readonly folder: string,
    private readonly packer: Packer,
  ) {}

  static async serve(folder: string, port: number): Promise<Artifacts> {
    const packer = (await import(new URL('examples/hello/pack.mjs', `file://${REPOSITORY}`).href)) as Packer;
    const artifacts = new Artifacts(folder, packer);
    await artifacts.listen(port);
    return artifacts;
  }

  /** A release that behaves as `behaviour` says, and where to get it. */
  release(version: string, behaviour: Readonly<Record<string, unknown>> = {}): ArtifactRef {
    const { file, sha256 } = this.packer.packRelease({ version, ...behaviour }, this.folder);
    this.files.set(`/${basename(file)}`, readFileSync(file));
    return { url: `http://127.0.0.1:${this.port}/${basename(file)}`, sha256 };
  }

  /** The same of a service of the shop; see examples/blue-green/server.mjs. */
  shop(service: string, version: string, behaviour: Readonly<Record<string, unknown>> = {}): ArtifactRef {
    const bytes = this.packer.packFiles({
      'release.json': JSON.stringify({ version, ...behaviour }),
      'server.mjs': readFileSync(join(REPOSITORY, 'examples/blue-green/server.mjs')),
    });
    const path = `/shop-${service}-${version}.tar.gz`;
    this.files.set(path, bytes);
    return { url: `http://127.0.0.1:${this.port}${path}`, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  downloads(version: string): number {
    return this.counts.get(`/hello-${version}.tar.gz`) ?? 0;
  }

  get allDownloads(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => (this.server === undefined ? resolve(undefined) : this.server.close(resolve)));
  }

  private async listen(port: number): Promise<void> {
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      const file = this.files.get(path);
      if (file === undefined) return void response.writeHead(404).end();
      this.counts.set(path, (this.counts.get(path) ?? 0) + 1);
      response.writeHead(200, { 'content-length': file.length }).end(file);
    });
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
    this.server = server;
    this.port = port;
  }
}
