// Packs releases of hello: server.mjs and a release.json as a tar.gz whose bytes depend on nothing but their contents.
//   node pack.mjs <version> <folder> [release.json extras as JSON]
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';

const BLOCK = 512;
const MAX_STORED = 65_535;

export function packRelease({ version, ...extras }, folder) {
  const server = readFileSync(new URL('server.mjs', import.meta.url));
  const release = Buffer.from(`${JSON.stringify({ version, ...extras }, null, 2)}\n`);
  const bytes = packFiles({ 'release.json': release, 'server.mjs': server });
  const file = join(folder, `hello-${version}.tar.gz`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, bytes);
  return { version, file, url: pathToFileURL(file).href, sha256: createHash('sha256').update(bytes).digest('hex') };
}

export function packFiles(files) {
  const parts = Object.entries(files).flatMap(([name, data]) => {
    const body = Buffer.from(data);
    return [header(name, body.length), body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)];
  });
  return gzipStored(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]));
}

/** A ustar header with the time, owner and mode of nobody in particular. */
function header(name, size) {
  const block = Buffer.alloc(BLOCK);
  const octal = (value, width) => `${value.toString(8).padStart(width - 1, '0')}\0`;
  block.write(name, 0, 100);
  block.write(octal(0o644, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(' '.repeat(8), 148);
  block.write('0', 156);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** gzip without compression: what a compressor makes differs between versions of zlib, stored blocks do not. */
function gzipStored(data) {
  const parts = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])];
  for (let at = 0; at === 0 || at < data.length; at += MAX_STORED) {
    const chunk = data.subarray(at, at + MAX_STORED);
    const head = Buffer.alloc(5);
    head.writeUInt8(at + MAX_STORED >= data.length ? 1 : 0, 0);
    head.writeUInt16LE(chunk.length, 1);
    head.writeUInt16LE(chunk.length ^ 0xffff, 3);
    parts.push(head, chunk);
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(data), 0);
  trailer.writeUInt32LE(data.length % 2 ** 32, 4);
  return Buffer.concat([...parts, trailer]);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [version, folder, extras = '{}'] = process.argv.slice(2);
  if (version === undefined || folder === undefined) {
    process.stderr.write('usage: node pack.mjs <version> <folder> [extras as JSON]\n');
    process.exitCode = 2;
  } else {
    process.stdout.write(`${JSON.stringify(packRelease({ ...JSON.parse(extras), version }, folder))}\n`);
  }
}
