import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Stands beside `dist` in the package, and in the release of a packed agent. */
function readVersion(): string {
  const value: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
  const version = typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined;
  return typeof version === 'string' ? version : '0.0.0';
}

/** What agents of this build call themselves in their hello, and what a rollout of the agent itself verifies. */
export const AGENT_VERSION = readVersion();
