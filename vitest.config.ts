import { availableParallelism } from 'node:os';
import { defaultClientConditions, defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

/** Packages of this workspace are tested from their sources; `node` itself runs what `tsc -b` wrote to dist. */
const source = '@sluice/source';

/**
 * Vitest hands these on to Node.js, which would then take the files that packages (@opentelemetry/api) name for bundlers
 * under `module`: it cannot load them.
 */
const conditions = [source, ...defaultServerConditions.filter((condition) => condition !== 'module')];

const MINUTE = 60_000;
const excluded = ['**/node_modules/**', '**/dist/**', '**/.nx/**', '**/.cache/**', '**/var/**'];

/**
 * The cost of a test is told by its suffix: unit touches nothing, int starts real parts, e2e starts processes. Where real
 * processes share a busy machine a test gets a second try, and the summary names each that needed it: a flaw to repair.
 */
function suite(name: string, testTimeout: number, { retry = 0, isolate = true } = {}) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`**/*.${name}.spec.ts`],
      exclude: excluded,
      testTimeout,
      retry,
      isolate,
      hookTimeout: Math.max(testTimeout, 30_000),
    },
  };
}

export default defineConfig({
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: { resolve: { conditions } },
  // Nest's injection by type and class-validator need the decorator metadata that tsc also emits.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    pool: 'forks',
    // Most of what starts processes waits for them: one more than there are processors.
    maxWorkers: availableParallelism() + 1,
    passWithNoTests: true,
    projects: [
      // What touches nothing can share a process: its modules are loaded once and not for each file.
      suite('unit', 30_000, { isolate: false }),
      suite('int', 60_000, { retry: 1 }),
      suite('e2e', 2 * MINUTE, { retry: 1 }),
    ],
  },
});
