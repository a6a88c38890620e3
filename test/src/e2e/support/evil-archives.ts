import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import type { ArtifactRef } from '@sluice/contracts';
import { Header } from 'tar';

interface Entry {
  readonly path: string;
  readonly type?: 'File' | 'SymbolicLink' | 'Link';
  readonly linkpath?: string;
}

const BLOCK = 512;

function entry(data: Entry, body = ''): Buffer {
  const block = Buffer.alloc(BLOCK);
  new Header({ type: 'File', mode: 0o644, size: body.length, ...data }).encode(block);
  return Buffer.concat([block, Buffer.from(body), Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)]);
}

/** Sound at first sight: what is wrong comes after a good file, so that nothing may be unpacked on the way. */
const archive = (...entries: readonly Buffer[]): Buffer =>
  Buffer.concat([entry({ path: 'server.mjs' }, 'process.exit(3);\n'), ...entries, Buffer.alloc(2 * BLOCK)]);

/** Tar archives that want to write or read outside of their folder. */
export const EVIL_ARCHIVES: Readonly<Record<string, Buffer>> = {
  climb: archive(entry({ path: '../../../evil' }, 'evil')),
  symlink: archive(entry({ path: 'out', type: 'SymbolicLink', linkpath: '/tmp' }), entry({ path: 'out/evil' }, 'evil')),
  hardlink: archive(entry({ path: 'passwd', type: 'Link', linkpath: '/etc/passwd' })),
};

export function storeArchive(bytes: Buffer, file: string): ArtifactRef {
  writeFileSync(file, bytes);
  return { url: pathToFileURL(file).href, sha256: createHash('sha256').update(bytes).digest('hex') };
}
