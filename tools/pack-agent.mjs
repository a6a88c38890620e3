#!/usr/bin/env node
/**
 * Packs the agent as a release that agents can be upgraded to: `node tools/pack-agent.mjs <version> <folder>`, after a
 * build. The archive holds the agent with all it imports, and the package.json that says its version.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';
import { packFiles } from '../examples/hello/pack.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What Nest asks for only where it is used; the agent does not use it. */
const absent = [
  /^@nestjs\/(websockets|platform-)/,
  /^@grpc\//,
  /^(kafkajs|mqtt|amqplib|amqp-connection-manager|ioredis|nats|cache-manager|class-transformer|class-validator)$/,
];

/**
 * The agent's program as files by name, for packAgent.
 *
 * @returns {Promise<Readonly<Record<string, Uint8Array>>>}
 */
async function bundleAgent() {
  const outDir = mkdtempSync(join(tmpdir(), 'sluice-agent-bundle-'));
  try {
    await build({
      configFile: false,
      root,
      logLevel: 'error',
      ssr: { noExternal: true },
      build: {
        ssr: join(root, 'apps/agent/dist/main.js'),
        outDir,
        emptyOutDir: true,
        minify: false,
        rollupOptions: { external: [/^node:/, ...absent], output: { entryFileNames: 'main.js' } },
      },
    });
    return filesUnder(outDir, 'dist');
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

/**
 * @param {string} folder
 * @param {string} as
 */
function filesUnder(folder, as) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const named = files.map((file) => {
    const path = join(file.parentPath, file.name);
    return [`${as}/${relative(folder, path).replaceAll('\\', '/')}`, new Uint8Array(readFileSync(path))];
  });
  return Object.fromEntries(named);
}

/**
 * Writes `sluice-agent-<version>.tar.gz` into a folder.
 *
 * @param {string} version
 * @param {string} folder
 * @param {Readonly<Record<string, string | Uint8Array>>} files
 */
function packAgent(version, folder, files) {
  const description = `${JSON.stringify({ name: 'sluice-agent', version, type: 'module' }, null, 2)}\n`;
  const bytes = packFiles({ 'package.json': description, ...files });
  const file = join(folder, `sluice-agent-${version}.tar.gz`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, bytes);
  return { version, file, url: pathToFileURL(file).href, sha256: createHash('sha256').update(bytes).digest('hex') };
}

const [version, folder] = process.argv.slice(2);
if (version === undefined || folder === undefined) {
  process.stderr.write('usage: node tools/pack-agent.mjs <version> <folder>\n');
  process.exitCode = 2;
} else {
  process.stdout.write(`${JSON.stringify(packAgent(version, folder, await bundleAgent()))}\n`);
}
